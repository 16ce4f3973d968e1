"""Distribution shift: how far apart two domains are, what that costs, and a loss that brings them together."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    """Deep CORAL's loss: how much the covariances of two domains' features differ, a number of at least 0.

    source: (N, D), target: (M, D), features of one batch each; N and M may differ. Gradients flow into both.
    Source: Sun and Saenko 2016, "Deep CORAL", equations 1 to 3.
    """
    covariances = []
    for features in (source, target):
        centred = features - features.mean(0)
        covariances.append(centred.T @ centred / (len(features) - 1))  # (D, D)
    # ||C_S - C_T||²_F / 4 D²
    return (covariances[0] - covariances[1]).square().sum() / (4 * source.shape[1] ** 2)


def proxy_a_distance(domains: np.ndarray, guesses: np.ndarray) -> float:
    """How far apart two domains are, from held-out guesses which domain an example is of; from 0 to 2.

    domains: (N,), 0 for the source and 1 for the target; guesses: (N,), what a classifier took them for. The error ε
    is the mean of the two domains' own error rates, so that the larger domain does not count for more. 0: no better
    than tossing a coin (or worse, which counts as 0); 2: always right.
    Source: Ben-David et al. 2007, "Analysis of Representations for Domain Adaptation", section 4.
    """
    wrong = np.asarray(domains) != np.asarray(guesses)
    error = np.mean([wrong[np.asarray(domains) == domain].mean() for domain in (0, 1)])
    # d = 2 (1 - 2 ε)
    return float(max(0.0, 2 * (1 - 2 * error)))


def per_class_drop(
    source_gold: np.ndarray,
    source_guesses: np.ndarray,
    target_gold: np.ndarray,
    target_guesses: np.ndarray,
    classes: int,
) -> np.ndarray:
    """For every class, its accuracy on the source minus that on the target: (classes,), from -1 to 1.

    gold and guesses are class numbers, (N,) on the source and (M,) on the target. The accuracy of a class is the share
    of *its* examples that are recognised. A class that a domain has no example of gets NaN, which says "not measured".
    """
    accuracies = []
    for gold, guesses in ((source_gold, source_guesses), (target_gold, target_guesses)):
        right = np.asarray(gold) == np.asarray(guesses)
        own = [right[np.asarray(gold) == number] for number in range(classes)]
        accuracies.append(np.array([part.mean() if len(part) else np.nan for part in own]))
    return accuracies[0] - accuracies[1]


def domain_distance(source: Tensor, target: Tensor, seed: int = 0) -> float:
    """The proxy A-distance between features of two domains, (N, D) and (M, D), from 0 to 2.

    A logistic regression learns on a random half of each domain which one a feature vector is of, and guesses the other
    half. Raises ValueError where a domain has fewer than four examples, or their widths differ.
    """
    from sklearn.linear_model import LogisticRegression

    if source.shape[1:] != target.shape[1:] or min(len(source), len(target)) < 4:
        raise ValueError(
            "Expected features (N, D) and (M, D) of the same width, at least four of each, got "
            f"{tuple(source.shape)} and {tuple(target.shape)}."
        )
    features = torch.cat([source, target]).double().cpu().numpy()
    domains = np.repeat([0, 1], [len(source), len(target)])
    rng = np.random.default_rng(seed)
    train = np.concatenate([rng.permutation(np.flatnonzero(domains == d))[: (domains == d).sum() // 2] for d in (0, 1)])
    test = np.setdiff1d(np.arange(len(domains)), train)
    mean, spread = features[train].mean(0), features[train].std(0) + 1e-6
    scaled = (features - mean) / spread
    classifier = LogisticRegression(max_iter=1000, class_weight="balanced").fit(scaled[train], domains[train])
    return proxy_a_distance(domains[test], classifier.predict(scaled[test]))


def gap_closed(source: float, before: float, after: float) -> float:
    """The share of the gap that is closed: 0 as before, 1 as good as on the source; negative where it got worse.

    source: accuracy on the source; before, after: on the target, without and with adaptation. Raises ValueError where
    there was no gap.
    """
    if not source > before:
        raise ValueError(f"There is no gap to close: {source:.3f} on the source, {before:.3f} on the target.")
    return (after - before) / (source - before)
