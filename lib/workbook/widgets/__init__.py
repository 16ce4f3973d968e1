"""Small front ends for notebooks, made with anywidget: they work in JupyterLab, and have a static form elsewhere."""
