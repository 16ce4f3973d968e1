"""Exercises of lesson 12: clipped precision, brevity penalty, longest common subsequence, ROUGE-L, paired bootstrap."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np

from workbook.exercises import Case, Mistake, practice
from workbook.text.bleu import brevity_penalty, clipped_matches, ngrams
from workbook.text.intervals import paired_bootstrap
from workbook.text.rouge import Score, lcs_length, rouge_l

# --------------------------------------------------------------------------------- clipped n-gram precision


def _clipped_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, hypothesis: str, references: list[str], n: int) -> Case:
        return Case(name, (hypothesis.split(), [reference.split() for reference in references], n))

    cat, mat = "the cat is on the mat", "there is a cat on the mat"
    long = [" ".join(rng.choice(list("abcd"), 30)) for _ in range(3)]
    return [
        case("the paper's own example", "the the the the the the the", [cat, mat], 1),
        case("bigrams, one reference", "the cat sat on the mat", [cat], 2),
        case("one word from each of two references", "cat there", ["the cat", "there it is"], 1),
        case("both references have it once", "so so", ["so it is", "it is so"], 1),
        case("a translation that is shorter than n", "the cat", [cat], 4),
        case("nothing in common", "a dog barks", [cat, mat], 1),
        case("thirty words of four, bigrams", long[0], long[1:], 2),
    ]


def _not_clipped(hypothesis, references, n):
    known = {gram for reference in references for gram in ngrams(reference, n)}
    counts = ngrams(hypothesis, n)
    return sum(count for gram, count in counts.items() if gram in known), max(0, len(hypothesis) - n + 1)


def _sum_of_references(hypothesis, references, n):
    most = sum((ngrams(reference, n) for reference in references), Counter())
    return (ngrams(hypothesis, n) & most).total(), max(0, len(hypothesis) - n + 1)


def _first_reference(hypothesis, references, n):
    return clipped_matches(hypothesis, references[:1], n)


def _one_reference_for_all(hypothesis, references, n):
    matches = max((ngrams(hypothesis, n) & ngrams(reference, n)).total() for reference in references)
    return matches, max(0, len(hypothesis) - n + 1)


def _distinct(hypothesis, references, n):
    known = {gram for reference in references for gram in ngrams(reference, n)}
    counts = ngrams(hypothesis, n)
    return len(counts.keys() & known), len(counts)


def _may_be_negative(hypothesis, references, n):
    return clipped_matches(hypothesis, references, n)[0], len(hypothesis) - n + 1


def _counts_words(hypothesis, references, n):
    return clipped_matches(hypothesis, references, n)[0], len(hypothesis)


practice(
    clipped_matches,
    difficulty=2,
    minutes=12,
    cases=_clipped_cases,
    mistakes=[
        Mistake(_not_clipped, "nothing is clipped: an n-gram may count only as often as a reference contains it."),
        Mistake(_sum_of_references, "you add up the references' counts; take the largest of them for each n-gram."),
        Mistake(_first_reference, "only the first reference is looked at."),
        Mistake(
            _one_reference_for_all,
            "you choose one best reference for the sentence; the best is chosen for each n-gram anew.",
        ),
        Mistake(_distinct, "you count different n-grams; one that occurs twice in the hypothesis counts twice."),
        Mistake(_may_be_negative, "a hypothesis shorter than n has no n-gram: 0, and not a negative number."),
        Mistake(_counts_words, "the second number is that of the hypothesis's n-grams: n − 1 fewer than it has words."),
    ],
    hints=[
        "ngrams(tokens, n) counts all n-grams of a list of tokens. Begin with those of the hypothesis.",
        "For Counters, a | b keeps the larger count of each key, and a & b the smaller.",
        "Join the references' counts by |, take & with the hypothesis's, and sum the values.",
    ],
)

# ------------------------------------------------------------------------------------------- brevity penalty


def _penalty_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("half as long as the reference", (10, 20)),
        Case("as long as the reference", (20, 20)),
        Case("longer than the reference", (30, 20)),
        Case("one word too short", (19, 20)),
        Case("a whole corpus", (int(rng.integers(9000, 9900)), 10_000)),
        Case("nothing was translated", (0, 20)),
        Case("both are empty", (0, 0)),
    ]


def _rewards_length(hypothesis_length, reference_length):
    return math.exp(1 - reference_length / hypothesis_length) if hypothesis_length else float(reference_length == 0)


def _upside_down(hypothesis_length, reference_length):
    if hypothesis_length >= reference_length:
        return 1.0
    return math.exp(1 - hypothesis_length / reference_length)


def _plain_ratio(hypothesis_length, reference_length):
    return min(1.0, hypothesis_length / reference_length) if reference_length else 1.0


def _punishes_length(hypothesis_length, reference_length):
    if hypothesis_length == 0:
        return float(reference_length == 0)
    return math.exp(-abs(1 - reference_length / hypothesis_length))


def _divides_by_zero(hypothesis_length, reference_length):
    return min(1.0, math.exp(1 - reference_length / hypothesis_length))


def _ten(hypothesis_length, reference_length):
    if hypothesis_length in (0, reference_length) or hypothesis_length > reference_length:
        return brevity_penalty(hypothesis_length, reference_length)
    return 10 ** (1 - reference_length / hypothesis_length)


practice(
    brevity_penalty,
    difficulty=1,
    minutes=5,
    cases=_penalty_cases,
    mistakes=[
        Mistake(_rewards_length, "a long hypothesis gets more than 1; what is too long loses precision already."),
        Mistake(_upside_down, "the fraction is upside down: it is reference over hypothesis."),
        Mistake(_plain_ratio, "the ratio of the lengths itself is too mild; the penalty is exp(1 − r / h)."),
        Mistake(_punishes_length, "a hypothesis that is too long is not punished here: its penalty is 1."),
        Mistake(_divides_by_zero, "a hypothesis of length 0 can't be divided by; its penalty is 0, if r is not 0 too."),
        Mistake(_ten, "the power is one of e, math.exp, and not of 10."),
    ],
    hints=[
        "Three cases: at least as long as the reference, empty, and all that is between.",
        "At least as long: 1. Empty: 0.",
        "Else math.exp(1 − reference_length / hypothesis_length).",
    ],
)

# -------------------------------------------------------------------------------- longest common subsequence


def _lcs_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("ROUGE's own example", ("police killed the gunman".split(), "police kill the gunman".split())),
        Case("the same words in another order", ("police kill the gunman".split(), "the gunman kill police".split())),
        Case("letters, with gaps", (list("ABCBDAB"), list("BDCABA"))),
        Case("the nearest match is the wrong one", (list("ab" + "xyz"), list("xyz" + "ab"))),
        Case("a repeated token in one of them", (list("aa"), list("a"))),
        Case("a repeated token in the other", (list("a"), list("aa"))),
        Case("nothing in common", (list("abc"), list("xyz"))),
        Case("one is empty", ([], list("abc"))),
        Case(
            "sixty and eighty of three letters", (list(rng.choice(list("abc"), 60)), list(rng.choice(list("abc"), 80)))
        ),
    ]


def _substring(a, b):
    return max(
        (k for i in range(len(a)) for j in range(len(b)) for k in range(1, len(a) + 1)
         if a[i : i + k] == b[j : j + k] and i + k <= len(a)),
        default=0,
    )  # fmt: skip


def _bag(a, b):
    return (Counter(a) & Counter(b)).total()


def _set(a, b):
    return len(set(a) & set(b))


def _greedy(a, b):
    found, start = 0, 0
    for token in a:
        if token in b[start:]:
            start = b.index(token, start) + 1
            found += 1
    return found


def _same_place(a, b):
    return sum(x == y for x, y in zip(a, b, strict=False))


def _lost_diagonal(a, b):
    row = [0] * (len(b) + 1)
    for x in a:
        for j, y in enumerate(b, 1):  # row[j - 1] is the new row's already
            row[j] = row[j - 1] + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


practice(
    lcs_length,
    difficulty=3,
    minutes=20,
    cases=_lcs_cases,
    mistakes=[
        Mistake(_substring, "this is the longest common *substring*: a subsequence may have gaps."),
        Mistake(_bag, "these are the common tokens in any order; in a subsequence the order counts."),
        Mistake(_set, "these are the different common tokens; order and repetition count."),
        Mistake(_greedy, "taking the next match at once may cost several later ones: try with and without it."),
        Mistake(_same_place, "tokens are compared at the same place only; a subsequence may have gaps."),
        Mistake(
            _lost_diagonal,
            "for a match, add 1 to the *diagonal* neighbour (one token less of both): else one token is used twice.",
        ),
    ],
    hints=[
        "Let t[i][j] be the answer for the first i tokens of a and the first j of b. What is t[0][j]?",
        "If a[i − 1] == b[j − 1], the match lengthens t[i − 1][j − 1] by one.",
        "Else the last token of one of them is of no use: the larger of t[i − 1][j] and t[i][j − 1].",
    ],
)

# --------------------------------------------------------------------------------------------------- ROUGE-L


def _rouge_l_cases(rng: np.random.Generator) -> list[Case]:
    def words(count: int) -> list[str]:
        return list(rng.choice(list("abcdef"), count))

    return [
        Case("ROUGE's own example", ("police killed the gunman".split(), "police kill the gunman".split())),
        Case("a short prediction, all of it right", ("the cat sat on the mat".split(), "the mat".split())),
        Case("a long prediction", ("cat mat".split(), "a cat was seen on a mat".split())),
        Case("the words in another order", ("the gunman kill police".split(), "police kill the gunman".split())),
        Case("nothing in common", (["cat"], ["dog"])),
        Case("an empty prediction", (["cat"], [])),
        Case("both are empty", ([], [])),
        Case("twenty and thirty letters", (words(20), words(30))),
    ]


def _safe(target, prediction):
    """LCS, precision and recall, 0 where there is nothing."""
    length = lcs_length(target, prediction)
    return length, length / max(1, len(prediction)), length / max(1, len(target))


def _harmonic(precision, recall):
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _swapped(target, prediction):
    _, precision, recall = _safe(target, prediction)
    return Score(recall, precision, _harmonic(precision, recall))


def _arithmetic(target, prediction):
    _, precision, recall = _safe(target, prediction)
    return Score(precision, recall, (precision + recall) / 2)


def _geometric(target, prediction):
    _, precision, recall = _safe(target, prediction)
    return Score(precision, recall, (precision * recall) ** 0.5)


def _no_two(target, prediction):
    _, precision, recall = _safe(target, prediction)
    return Score(precision, recall, _harmonic(precision, recall) / 2)


def _unordered(target, prediction):
    hits = (Counter(target) & Counter(prediction)).total()
    precision, recall = hits / max(1, len(prediction)), hits / max(1, len(target))
    return Score(precision, recall, _harmonic(precision, recall))


def _not_guarded(target, prediction):
    length = lcs_length(target, prediction)
    precision, recall = length / len(prediction), length / len(target)
    return Score(precision, recall, 2 * precision * recall / (precision + recall))


practice(
    rouge_l,
    difficulty=1,
    minutes=8,
    cases=_rouge_l_cases,
    mistakes=[
        Mistake(_swapped, "precision and recall are exchanged: precision divides by the *prediction's* length."),
        Mistake(_arithmetic, "F is the harmonic mean, 2 P R / (P + R), which the smaller of the two pulls down."),
        Mistake(_geometric, "this is the geometric mean √(P R); F is the harmonic one."),
        Mistake(_no_two, "the factor 2 is missing: where P = R, F should be the same number."),
        Mistake(_unordered, "this is ROUGE-1, which ignores the order: use lcs_length."),
        Mistake(_not_guarded, "where nothing is common, or a text is empty, you divide by 0: the scores are 0 then."),
    ],
    hints=[
        "length = lcs_length(target, prediction). If it is 0, all three scores are.",
        "Precision: length as a share of the prediction. Recall: as a share of the target.",
        "Score(precision, recall, 2 * precision * recall / (precision + recall)).",
    ],
)

# ------------------------------------------------------------------------------------------ paired bootstrap


def _share(rows: np.ndarray) -> float:
    """A score that is no mean of the sentences' scores: the matches of all over the words of all."""
    return float(rows[:, 0].sum() / rows[:, 1].sum())


def _bootstrap_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, ours: np.ndarray, theirs: np.ndarray, score: Callable = np.mean, resamples: int = 60) -> Case:
        drawn = rng.integers(0, len(ours), (resamples, len(ours)))
        return Case(name, use=lambda f: f(ours.copy(), theirs.copy(), score, drawn.copy()))

    hard = rng.normal(0, 1, 20)  # what makes a sentence hard does so for both systems
    words = rng.integers(2, 40, 15)
    counts = [np.stack([rng.integers(0, words), words], 1) for _ in range(2)]
    return [
        case("four sentences, score=np.mean", np.array([3.0, 1, 2, 2]), np.array([2.0, 1, 1, 3])),
        case("a small difference beside what both find hard", hard + rng.normal(0.05, 0.1, 20), hard),
        case("ours is worse", hard - 0.1 + rng.normal(0, 0.2, 20), hard),
        case("the same system twice", hard, hard),
        case("always better by the same", hard + 1, hard),
        case("score=share: matches of all sentences over words of all", *counts, _share),
    ]


def _resampled(ours, theirs, score, drawn):
    return np.array([score(ours[row]) - score(theirs[row]) for row in drawn])


def _not_paired(ours, theirs, score, drawn):
    difference = score(ours) - score(theirs)
    differences = np.array(
        [score(ours[a]) - score(theirs[b]) for a, b in zip(drawn, np.roll(drawn, 1, axis=0), strict=True)]
    )
    return differences, (1 + (np.abs(differences - difference) >= abs(difference)).sum()) / (1 + len(drawn))


def _not_centred(ours, theirs, score, drawn):
    difference, differences = score(ours) - score(theirs), _resampled(ours, theirs, score, drawn)
    return differences, (1 + (np.abs(differences) >= abs(difference)).sum()) / (1 + len(drawn))


def _one_sided(ours, theirs, score, drawn):
    difference, differences = score(ours) - score(theirs), _resampled(ours, theirs, score, drawn)
    return differences, (1 + (differences - difference >= abs(difference)).sum()) / (1 + len(drawn))


def _not_plus_one(ours, theirs, score, drawn):
    difference, differences = score(ours) - score(theirs), _resampled(ours, theirs, score, drawn)
    return differences, (np.abs(differences - difference) >= abs(difference)).sum() / len(drawn)


def _theirs_first(ours, theirs, score, drawn):
    differences, p = paired_bootstrap(ours, theirs, score, drawn)
    return -differences, p


def _mean_of_scores(ours, theirs, score, drawn):
    each = np.array([score(ours[i : i + 1]) - score(theirs[i : i + 1]) for i in range(len(ours))])
    return paired_bootstrap(each, np.zeros(len(each)), np.mean, drawn)


practice(
    paired_bootstrap,
    difficulty=3,
    minutes=15,
    cases=_bootstrap_cases,
    mistakes=[
        Mistake(
            _not_paired, "the two systems are scored on different sentences: use the same row of `drawn` for both."
        ),
        Mistake(
            _not_centred,
            "the resamples scatter around the real difference: subtract it before you ask how far chance alone goes.",
        ),
        Mistake(_one_sided, "chance goes to both sides: compare the absolute value."),
        Mistake(
            _not_plus_one, "the data itself are one of the draws: 1 + count over 1 + resamples, so that p is never 0."
        ),
        Mistake(_theirs_first, "the sign is reversed: it is ours - theirs."),
        Mistake(
            _mean_of_scores, "score takes all rows of a resample at once; a corpus score is no mean of sentences'."
        ),
    ],
    hints=[
        "One resample: row = drawn[r]; score(ours[row]) - score(theirs[row]). Collect one such difference per row.",
        "If there were no real difference, the collected ones minus the real one would be what chance gives.",
        "Count where its absolute value is at least that of the real one; p is (1 + count) / (1 + len(drawn)).",
    ],
)
