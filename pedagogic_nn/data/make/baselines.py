"""Measure the baselines on the bundled data, and write them to `baselines.json`.

    python -m pedagogic_nn.data.make.baselines

Every choice (a penalty, an order) is made on the "train" rows, by cross-validation or on
the last of them; the "test" rows are scored once.  Linear models are scikit-learn's.
"""
import json
import re
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy.ndimage import uniform_filter
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from .. import bundled

ONE_FIFTH = ShuffleSplit(1, test_size=0.2, random_state=0)  # where five folds are slow
PENALTIES = {"logisticregression__C": [0.01, 0.1, 1, 10, 100]}
BICUBIC = Image.Resampling.BICUBIC
BILINEAR = Image.Resampling.BILINEAR
NEAREST = Image.Resampling.NEAREST


def _score(metric: str, value: float, how: str) -> dict:
    return {"metric": metric, "value": round(float(value), 4), "how": how}


def _fitted(model: Pipeline, x: object, y: np.ndarray, cv: object = 5) -> GridSearchCV:
    """`model` with the penalty that cross-validation on (x, y) prefers."""
    return GridSearchCV(model, PENALTIES, cv=cv).fit(x, y)


# ── digits and voices ──


def digits() -> dict:
    x, y = bundled.digits("train")
    x_test, y_test = bundled.digits("test")
    x, x_test = x.reshape(len(x), 64), x_test.reshape(len(x_test), 64)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    accuracy = _fitted(model, x, y).score(x_test, y_test)
    how = "standardised pixels; penalty by cross-validation"
    pairs = "all pairs of test images by Euclidean distance"
    return {
        "logistic regression": _score("accuracy", accuracy, how),
        "same-digit pairs": _score("area under ROC", pair_auc(x_test, y_test), pairs),
    }


def japanese_vowels() -> dict:
    def features(utterances: list[np.ndarray]) -> np.ndarray:
        return np.array([np.r_[frames.mean(0), frames.std(0)] for frames in utterances])

    x, y = bundled.japanese_vowels("train")
    x_test, y_test = bundled.japanese_vowels("test")
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    accuracy = _fitted(model, features(x), y).score(features(x_test), y_test)
    how = "logistic regression on mean and standard deviation over time"
    means = np.array([frames.mean(0) for frames in x_test])
    pairs = "all pairs of test utterances by Euclidean distance of their means"
    return {
        "mean and deviation": _score("accuracy", accuracy, how),
        "same-speaker pairs": _score("area under ROC", pair_auc(means, y_test), pairs),
    }


def pair_auc(x: np.ndarray, labels: np.ndarray) -> float:
    """x (N, D): how well distance tells pairs of one label from all other pairs."""
    squared = (x**2).sum(1)
    distance = squared[:, None] + squared - 2 * x @ x.T
    first, second = np.triu_indices(len(x), 1)
    return roc_auc_score(labels[first] == labels[second], -distance[first, second])


# ── forecasts ──


def autoregression(
    z: np.ndarray, order: int, penalty: float, start: int, stop: int, ahead: int = 1
) -> np.ndarray:
    """Forecasts of z[start:stop] by ridge regression on past values.

    z[t] is forecast from the `order` measured values z[t - ahead], z[t - ahead - 1] …
    The weights are fitted once, to z[:start]; mean and deviation are taken there too.
    """
    mean, deviation = z[:start].mean(), z[:start].std()
    w = (z - mean) / deviation
    first = order + ahead - 1  # the first value with a full past
    lags = [w[first - ahead - lag : len(w) - ahead - lag] for lag in range(order)]
    past = np.stack(lags, 1)
    model = Ridge(max(penalty, 1e-10)).fit(past[: start - first], w[first:start])
    return model.predict(past[start - first : stop - first]) * deviation + mean


def rmse(forecast: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((forecast - truth) ** 2)))


def sunspots() -> dict:
    _, y = bundled.sunspots()
    test = len(y) - 60

    def error(order: int, penalty: float, start: int, root: bool) -> float:
        z = np.sqrt(y) if root else y
        forecast = autoregression(z, order, penalty, start, start + 60)
        forecast = np.maximum(forecast, 0) ** 2 if root else forecast
        return rmse(forecast, y[start : start + 60])

    def chosen(root: bool) -> tuple[int, float]:
        grid = [(p, k) for p in range(1, 31) for k in (0, 0.1, 0.3, 1, 3, 10, 30)]
        return min(grid, key=lambda pair: error(*pair, test - 60, root))

    raw, root = chosen(False), chosen(True)
    best = "with order {} and penalty {:g}, the best for 1889 to 1948"
    ridge = "ridge " + best.format(*raw)
    ridge_root = "the same on square roots, squared again, " + best.format(*root)
    least = "linear in the last 22 years, least squares on 1700 to 1948"
    last = rmse(y[test - 1 : -1], y[test:])
    return {
        "persistence": _score("RMSE", last, "the number of the year before"),
        "AR(22)": _score("RMSE", error(22, 0, test, False), least),
        "AR, chosen": _score("RMSE", error(*raw, test, False), ridge),
        "AR on square roots": _score("RMSE", error(*root, test, True), ridge_root),
    }


def co2() -> dict:
    _, ppm = bundled.co2()
    weeks, known = np.arange(len(ppm)), ~np.isnan(ppm)
    y = np.interp(weeks, weeks[known], ppm[known])
    test, year = len(y) - 260, 52
    growth = y[year:] - y[:-year]  # growth[t - year] leads from y[t - year] to y[t]

    def error(penalty: float, start: int) -> float:
        first = start - year
        z = autoregression(growth, 2 * year, penalty, first, first + 260, ahead=year)
        return rmse(y[first : first + 260] + z, y[start : start + 260])

    penalty = min((0.1, 1, 10, 100, 1000), key=lambda k: error(k, test - 260))
    before = y[test - year : -year]
    again = before + growth[test - 2 * year : -year]
    ridge = (
        "the value 52 weeks before, plus the growth by ridge regression on the growth in "
        f"104 weeks before that; penalty {penalty:g}, the best for the 260 weeks before"
    )
    return {
        "as a year ago": _score("RMSE", rmse(before, y[test:]), "the value 52 weeks ago"),
        "growth as a year ago": _score(
            "RMSE", rmse(again, y[test:]), "that, plus the growth in the 52 weeks before"
        ),
        "AR on growth": _score("RMSE", error(penalty, test), ridge),
    }


# ── pictures ──


def images() -> dict:
    how = "enlarged twice by Pillow from rounded means of 2 x 2 pixels"
    scores = {}
    for name, truth in bundled.images().items():
        blocks = truth.reshape(96, 2, 96, 2, 3).mean(axis=(1, 3))
        small = Image.fromarray((blocks + 0.5).astype(np.uint8))
        for filter in (NEAREST, BILINEAR, BICUBIC):
            large = np.asarray(small.resize((192, 192), filter))
            key = f"{filter.name.lower()}, {name}"
            scores[key] = _score("PSNR in dB", psnr(large, truth), how)
    return scores


def psnr(image: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of values 0 … 255, all channels together."""
    difference = image.astype(np.float64) - truth
    return float(10 * np.log10(255**2 / np.mean(difference**2)))


def textures() -> dict:
    x, y = bundled.texture_mosaics(40, "train")
    x_test, y_test = bundled.texture_mosaics(40, "test")
    y, y_test = y.reshape(-1), y_test.reshape(-1)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(local_statistics(x)[::7], y[::7])
    accuracy = model.score(local_statistics(x_test), y_test)
    how = "logistic regression on mean, deviation and mean steps in 9 x 9 pixels"
    most = (y_test == np.bincount(y).argmax()).mean()
    return {
        "local statistics": _score("accuracy per pixel", accuracy, how),
        "largest class": _score("accuracy per pixel", most, "always the same texture"),
    }


def local_statistics(mosaics: np.ndarray) -> np.ndarray:
    """(N, S, S) -> (N * S * S, 4): mean, deviation, mean steps down and right, 9 x 9."""
    down, right = (np.abs(np.diff(mosaics, axis=axis, append=0)) for axis in (1, 2))
    mean, square, down, right = (
        uniform_filter(layer, (0, 9, 9)) for layer in (mosaics, mosaics**2, down, right)
    )
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    return np.stack([mean, deviation, down, right], -1).reshape(-1, 4)


# ── text ──


def surnames() -> dict:
    x, y = bundled.surnames("train")
    x_test, y_test = bundled.surnames("test")
    grams = CountVectorizer(analyzer="char_wb", ngram_range=(1, 3), binary=True)
    model = make_pipeline(grams, LogisticRegression(max_iter=1000))
    model = _fitted(model, x, y, ONE_FIFTH)
    how = "logistic regression on which groups of 1 to 3 letters occur"
    most = (y_test == np.bincount(y).argmax()).mean()
    return {
        "1-3-grams": _score("accuracy", model.score(x_test, y_test), how),
        "largest class": _score("accuracy", most, "always the same country"),
    }


def films() -> dict:
    train, test = bundled.films("train"), bundled.films("test")
    ridge = Ridge(1.0).fit(film_features(train), train["tomatometer"])
    order = ridge.predict(film_features(test))
    ordered = concordance(order, test["tomatometer"].astype(np.int64))
    pairs = "test films of different Tomatometers, ridge on year, runtime and genres"
    letters = "a logistic regression per genre on groups of 2 to 5 letters of the title"
    precision, share = genres_from_letters(train, test), test["genres"].mean()
    return {
        "genres from letters": _score("mean AP", precision, letters),
        "genres by chance": _score("mean AP", share, "the mean share of a genre"),
        "pairs in order": _score("share of pairs", ordered, pairs),
    }


def genres_from_letters(train: dict, test: dict) -> float:
    """Mean over the genres of the average precision on the test titles."""
    grams = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True
    )
    x = grams.fit_transform(train["titles"])
    model = GridSearchCV(
        OneVsRestClassifier(LogisticRegression(solver="liblinear")),
        {"estimator__C": [0.3, 1, 3, 10]},
        scoring=_mean_average_precision,
        cv=ONE_FIFTH,
    )
    model.fit(x, train["genres"])
    x_test = grams.transform(test["titles"])
    return _mean_average_precision(model, x_test, test["genres"])


def _mean_average_precision(model: GridSearchCV, x: object, genres: np.ndarray) -> float:
    return average_precision_score(genres, model.predict_proba(x), average="macro")


def film_features(table: dict[str, np.ndarray]) -> np.ndarray:
    """(N, 24): year and runtime with their squares, and the 20 genres."""
    age = (table["years"] - 1980) / 20
    length = np.log(table["runtimes"] / 100)
    return np.c_[age, age**2, length, length**2, table["genres"]]


def concordance(score: np.ndarray, truth: np.ndarray) -> float:
    """Share of the pairs with different truths that the score puts in the right order."""
    above = np.sign(truth[:, None] - truth)
    right = np.sign(score[:, None] - score) == above
    return float(right[above != 0].mean())


MEASURE: dict[str, Callable[[], dict]] = {
    "co2": co2,
    "digits": digits,
    "films": films,
    "images": images,
    "japanese_vowels": japanese_vowels,
    "sunspots": sunspots,
    "surnames": surnames,
    "textures": textures,
}


def main() -> None:
    """Measure all, and write the file and the table in each card."""
    scores = {name: MEASURE[name]() for name in bundled.available()}
    text = json.dumps(scores, indent=2, ensure_ascii=False) + "\n"
    (bundled.HERE / "baselines.json").write_text(text, "utf-8")
    for name in scores:
        card = bundled.CARDS / f"{name}.md"
        head, rest = card.read_text("utf-8").split("## Baselines\n")
        rest = re.sub(r"^\n\| baseline(.*\n)+?(?=\n)", "", rest)
        lines = [head, "## Baselines\n\n", table(scores[name]), rest]
        card.write_text("".join(lines), "utf-8")


def table(scores: dict[str, dict]) -> str:
    """The baselines of one data set as a table for its card."""
    rows = ["| baseline | score | how |", "| --- | --- | --- |"]
    for name, score in scores.items():
        rows.append(f"| {name} | {score['metric']} {score['value']:g} | {score['how']} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
