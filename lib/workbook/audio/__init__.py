"""Sound as pictures and back: Riffusion's spectrogram tools, a small synthesiser, interpolation."""
