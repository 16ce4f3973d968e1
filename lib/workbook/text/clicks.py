"""Learning from clicks: a log made by simulated readers, and what can be learnt from it.

The position-based model: a reader clicks on what was looked at and is liked,

    P(click on passage d at place k) = examined[k] · liked[d]

so what stands high is clicked more, whatever it is worth. Dividing every click by the probability that its place was
looked at (the propensity) takes that away. Richardson et al. 2007; Joachims, Swaminathan and Schnabel 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClickLog:
    """What was shown and clicked. shown: (S, K) numbers of passages, the top place first. clicked: (S, K) bool."""

    shown: np.ndarray
    clicked: np.ndarray


def examination(places: int, steepness: float = 1.0) -> np.ndarray:
    """How likely each place is looked at, (places,): (1 / place)^steepness. 0 means that all are."""
    if places < 1:
        raise ValueError(f"Expected at least one place, got {places}.")
    return np.arange(1, places + 1) ** -float(steepness)


def simulate_clicks(shown: np.ndarray, liked: np.ndarray, examined: np.ndarray, rng: np.random.Generator) -> ClickLog:
    """Clicks of one reader per row of `shown` (S, K), by the model above.

    liked: (D,), how likely each passage is clicked once it was looked at. examined: (K,). For several queries number
    the pairs of query and passage, since a passage that suits one question does not suit another.
    """
    liked, examined = _probabilities(liked, "liked"), _probabilities(examined, "examined")
    shown = _shown(shown, len(liked))
    if shown.shape[1] != len(examined):
        raise ValueError(f"{shown.shape[1]} places are shown, but `examined` has {len(examined)}.")
    return ClickLog(shown, rng.random(shown.shape) < examined * liked[shown])


def naive_rates(shown: np.ndarray, clicked: np.ndarray, passages: int) -> np.ndarray:
    """Clicks per time that a passage was shown, (passages,): NaN for what was never shown. Biased by the place."""
    shown, clicked = _log(shown, clicked, passages)
    times = np.bincount(shown.ravel(), minlength=passages)
    clicks = np.bincount(shown.ravel(), weights=clicked.ravel(), minlength=passages)
    return np.divide(clicks, times, out=np.full(passages, np.nan), where=times > 0)


def inverse_propensity(shown: np.ndarray, clicked: np.ndarray, examined: np.ndarray, passages: int) -> np.ndarray:
    """How much each passage is liked, (passages,): every click counts 1 / examined[its place].

    shown, clicked: (S, K). examined: (K,), above 0. The sum for a passage is divided by how often it was shown; NaN for
    what never was. Unbiased, but may be above 1, and varies most where a place is seldom looked at.
    """
    shown, clicked = np.asarray(shown), np.asarray(clicked)
    weights = clicked / examined  # (S, K)
    times = np.bincount(shown.ravel(), minlength=passages)
    total = np.bincount(shown.ravel(), weights=weights.ravel(), minlength=passages)
    return np.divide(total, times, out=np.full(passages, np.nan), where=times > 0)


def learn_from_clicks(log: ClickLog, examined: np.ndarray, passages: int, smallest: float = 0.0) -> np.ndarray:
    """`inverse_propensity` of a log, checked, with propensities raised to at least `smallest`.

    Clipping gives up a little of being unbiased for far less variance. Raises ValueError for a log or propensities that
    can't be used.
    """
    shown, clicked = _log(log.shown, log.clicked, passages)
    examined = np.maximum(_probabilities(examined, "examined"), smallest)
    if len(examined) != shown.shape[1] or not (examined > 0).all():
        raise ValueError(f"Expected {shown.shape[1]} propensities above 0, one per place; smallest= raises them.")
    return inverse_propensity(shown, clicked, examined, passages)


def estimate_examination(log: ClickLog) -> np.ndarray:
    """Propensities relative to the top place, (K,), from a log in which the order was drawn at random.

    Then every place shows equally good passages, and places differ by what is looked at alone. Raises ValueError where
    the top place was never clicked.
    """
    _, clicked = _log(log.shown, log.clicked, int(np.max(log.shown, initial=0)) + 1)
    rates = clicked.mean(0)
    if not rates[0]:
        raise ValueError("Nothing was clicked at the top place, so nothing can be set beside it: collect more clicks.")
    return rates / rates[0]


def _log(shown: np.ndarray, clicked: np.ndarray, passages: int) -> tuple[np.ndarray, np.ndarray]:
    shown, clicked = _shown(shown, passages), np.asarray(clicked)
    if clicked.shape != shown.shape or not np.isin(clicked, (0, 1)).all():
        raise ValueError(f"Expected clicks of 0 and 1 in the shape of what was shown, {shown.shape}.")
    return shown, clicked.astype(float)


def _shown(shown: np.ndarray, passages: int) -> np.ndarray:
    shown = np.asarray(shown)
    if shown.ndim != 2 or not shown.size or not np.issubdtype(shown.dtype, np.integer):
        raise ValueError(f"Expected whole numbers of passages, (sessions, places), got {shown.dtype} {shown.shape}.")
    if shown.min() < 0 or shown.max() >= passages:
        raise ValueError(f"Passages are numbered from 0 to {passages - 1}, got {shown.min()} to {shown.max()}.")
    return shown


def _probabilities(values: np.ndarray, name: str) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"`{name}` must be a list of probabilities, each from 0 to 1.")
    return values
