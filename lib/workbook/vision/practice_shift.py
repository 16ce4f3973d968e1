"""Exercises of lesson 05: the CORAL loss, the proxy A-distance, and the drop of accuracy by class."""

from __future__ import annotations

import numpy as np
import torch

from workbook.exercises import Case, Mistake, practice
from workbook.vision.shift import coral_loss, per_class_drop, proxy_a_distance

# ------------------------------------------------------------------------------------- how far apart two domains are


def _distance_cases(rng: np.random.Generator) -> list[Case]:
    domains = np.repeat([0, 1], [30, 10])
    often = np.where(rng.random(40) < 0.8, domains, 1 - domains)
    return [
        Case("one of eight is wrong", (np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1, 1, 1]))),
        Case("never wrong", (np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))),
        Case("half of either domain is wrong", (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))),
        Case("more sources than targets", (np.array([0, 0, 0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 0, 0, 0, 1]))),
        Case("worse than tossing a coin", (np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 1, 1, 0, 0, 1, 1]))),
        Case("thirty against ten", (domains, often)),
    ]


def _errors(domains: np.ndarray, guesses: np.ndarray) -> float:
    """The mean of the two domains' error rates."""
    return float(np.mean([(guesses[domains == domain] != domain).mean() for domain in (0, 1)]))


def _all_together(domains, guesses):
    return float(max(0.0, 2 * (1 - 2 * (domains != guesses).mean())))


def _half(domains, guesses):
    return float(max(0.0, 1 - 2 * _errors(domains, guesses)))


def _of_accuracy(domains, guesses):
    return float(max(0.0, 2 * (1 - 2 * (1 - _errors(domains, guesses)))))


def _may_be_negative(domains, guesses):
    return float(2 * (1 - 2 * _errors(domains, guesses)))


def _of_source(domains, guesses):
    return float(max(0.0, 2 * (1 - 2 * (guesses[domains == 0] != 0).mean())))


practice(
    proxy_a_distance,
    difficulty=1,
    minutes=10,
    cases=_distance_cases,
    mistakes=[
        Mistake(
            _all_together, "the larger domain counts for more: take each domain's own error rate, then their mean."
        ),
        Mistake(_half, "the distance goes up to 2, for a classifier that is always right."),
        Mistake(
            _of_accuracy, "you put the accuracy where the error belongs: domains that nobody mixes up are far apart."
        ),
        Mistake(_may_be_negative, "a distance is never negative: an error above one half counts as one half."),
        Mistake(_of_source, "you look at the source only; the target's errors count as much."),
    ],
    hints=[
        "The error rate of a domain is the share of *its* examples that are guessed wrongly: select them first.",
        "ε is the mean of the two error rates, and the distance 2 (1 - 2 ε).",
        "max(0.0, ...) at the end: whoever guesses worse than a coin has told nothing apart.",
    ],
)

# -------------------------------------------------------------------------------------- the drop of accuracy by class


def _drop_cases(rng: np.random.Generator) -> list[Case]:
    gold, other = np.arange(60) % 5, np.sort(rng.integers(0, 5, 35))
    return [
        Case(
            "two classes, one of them forgotten on the target",
            (np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0]), 2),
        ),
        Case(
            "classes of different sizes",
            (np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1, 1]), np.array([1, 1, 1, 1, 0]), 2),
        ),
        Case(
            "better on the target than on the source",
            (np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), 2),
        ),
        Case(
            "a class that the target has no example of, and is guessed",
            (np.array([0, 1, 2]), np.array([0, 1, 2]), np.array([0, 0, 1]), np.array([0, 2, 1]), 3),
        ),
        Case(
            "five classes, 60 and 35 examples",
            (gold, np.where(rng.random(60) < 0.9, gold, 0), other, np.where(rng.random(35) < 0.5, other, 3), 5),
        ),
    ]


def _recall(gold: np.ndarray, guesses: np.ndarray, classes: int, empty: float = np.nan) -> np.ndarray:
    own = [(guesses == gold)[gold == number] for number in range(classes)]
    return np.array([part.mean() if len(part) else empty for part in own])


def _reversed(source_gold, source_guesses, target_gold, target_guesses, classes):
    return _recall(target_gold, target_guesses, classes) - _recall(source_gold, source_guesses, classes)


def _precision(source_gold, source_guesses, target_gold, target_guesses, classes):
    return _recall(source_guesses, source_gold, classes) - _recall(target_guesses, target_gold, classes)


def _absent_is_zero(source_gold, source_guesses, target_gold, target_guesses, classes):
    return _recall(source_gold, source_guesses, classes, 0.0) - _recall(target_gold, target_guesses, classes, 0.0)


def _share_of_all(source_gold, source_guesses, target_gold, target_guesses, classes):
    parts = [
        np.array([((gold == guesses) & (gold == number)).mean() for number in range(classes)])
        for gold, guesses in ((source_gold, source_guesses), (target_gold, target_guesses))
    ]
    return parts[0] - parts[1]


def _relative(source_gold, source_guesses, target_gold, target_guesses, classes):
    source, target = _recall(source_gold, source_guesses, classes), _recall(target_gold, target_guesses, classes)
    return (source - target) / np.where(source > 0, source, 1.0)


practice(
    per_class_drop,
    difficulty=1,
    minutes=8,
    cases=_drop_cases,
    mistakes=[
        Mistake(
            _reversed, "the sign is turned round: a class that is recognised less on the target has a positive drop."
        ),
        Mistake(
            _precision, "you select by what was *guessed*; a class's accuracy is over the examples that are of it."
        ),
        Mistake(_absent_is_zero, "a class without examples has no accuracy: give NaN, for 0 would look measured."),
        Mistake(_share_of_all, "divide by the number of the class's own examples, and not by that of all."),
        Mistake(_relative, "the drop is a difference; you also divide it by the source's accuracy."),
    ],
    hints=[
        "right = gold == guesses; the accuracy of class c is the mean of right[gold == c].",
        "Do the same for both domains: a loop over ((source_gold, source_guesses), (target_gold, target_guesses)).",
        "np.nan where len(right[gold == c]) is 0, and source minus target at the end.",
    ],
)

# ---------------------------------------------------------------------------------------------------- the CORAL loss


def _coral_cases(rng: np.random.Generator) -> list[Case]:
    def features(count: int, width: int, scale: float = 1.0, shift: float = 0.0) -> torch.Tensor:
        return torch.tensor(rng.normal(shift, scale, (count, width)), dtype=torch.float64)

    same = features(6, 3)
    return [
        Case("one feature: variances 2 and 8", (torch.tensor([[0.0], [2.0]]), torch.tensor([[0.0], [4.0]]))),
        Case(
            "two features, one of which varies in the source only",
            (torch.tensor([[0.0, 0.0], [2.0, 2.0]]), torch.tensor([[0.0, 1.0], [2.0, 1.0]])),
        ),
        Case("the same features in another place: no loss", (same, same + 5)),
        Case("batches of different sizes", (features(4, 3), features(9, 3, 2.0))),
        Case("more features than examples", (features(3, 8, 3.0), features(5, 8, 1.0, 2.0))),
    ]


def _coral(source, target, *, centre=True, less=1, divide=4, square=True, per_axis=2, root=False):
    """A wrong version per switch that is turned."""
    covariances = []
    for features in (source, target):
        centred = features - features.mean(0) if centre else features
        covariances.append(centred.T @ centred / (len(features) - less))
    difference = covariances[0] - covariances[1]
    total = difference.square().sum() if square else difference.abs().sum()
    return (total.sqrt() if root else total) / (divide * source.shape[1] ** per_axis)


def _not_centred(source, target):
    return _coral(source, target, centre=False)


def _over_n(source, target):
    return _coral(source, target, less=0)


def _without_four(source, target):
    return _coral(source, target, divide=1)


def _not_squared(source, target):
    return _coral(source, target, root=True)


def _by_width(source, target):
    return _coral(source, target, per_axis=1)


def _of_means(source, target):
    return (source.mean(0) - target.mean(0)).square().sum() / (4 * source.shape[1] ** 2)


practice(
    coral_loss,
    difficulty=2,
    minutes=12,
    cases=_coral_cases,
    mistakes=[
        Mistake(
            _not_centred, "subtract each batch's own mean first: a covariance does not know where the features lie."
        ),
        Mistake(_over_n, "you divide by n; the covariance of a sample is divided by n - 1."),
        Mistake(_without_four, "the factor 1 / 4 is missing: the sum is divided by 4 D²."),
        Mistake(_not_squared, "this is the Frobenius norm; the loss is its square: no root at the end."),
        Mistake(_by_width, "you divide by 4 D; it is 4 D², as many as a covariance has entries."),
        Mistake(_of_means, "you compare means; CORAL compares covariances."),
    ],
    hints=[
        "The covariance of features (N, D) is (D, D): centre the rows, then centred.T @ centred / (N - 1).",
        "The squared Frobenius norm is the sum of all squared entries of the difference.",
        "Divide by 4 * D ** 2, where D = source.shape[1].",
    ],
    tolerance=1e-6,
)
