"""What names of classes say, in the languages of land cover legends."""

import numpy as np
import pytest
import shapely

from core.errors import InputError
from core.existing.class_choice import (
    EMPTY,
    ClassChoice,
    choice_of,
    class_question,
    guess,
    parse_choice,
)
from core.existing.class_words import column_kind, meaning_of
from core.existing.labels_file import LabelsFile

CROPLAND = """
Cultivated; cultivated land; field; cropland; Crops; CROPLAND; arable; Non-irrigated arable land;
Rainfed cropland; agriculture; other crops; wheat; winter wheat; cropland 2019; Paddy field;
Cultivated and managed vegetation / agriculture; Ackerland; Acker; Ackerfläche; Weizen (A);
terres arables; Terres labourables; grandes cultures; cultivo; Cultivo de trigo; tierras de cultivo;
lavoura; Lavoura Temporária; seminativi; seminativo irriguo; akkerland; bouwland; agerjord; åker;
grunty orne; orná půda; szántó; teren arabil; пашня; Пахотные земли; рілля; ekili alan; 耕地; 水田;
农田; 農田
"""
OTHER = """
Uncultivated; uncropped; field margin; field margins; field boundary; non-cropland; NonCropland;
non_cropland; not cropland; no crop; crop: no; land not used as cropland; grassland; agricultural
grassland; mixed forest; other; pasture; bare; built-up; Grünland; Gruenland; Feldrand; Nicht-Acker;
kein Acker; Laubwald; prairie permanente; sans culture; sin cultivo; no cultivado; pastizal; bosque;
pastagem; sem cultivo; floresta; incolto; prato; non coltivato; grasland; geen akker; skov;
ikke dyrket; łąka; las; louka; rét; pădure; пастбище; не пашня; непахотные земли; лес; ліс; orman;
tarım değil; 林地; 草地; 非耕地; 非农田; 不是耕地
"""
UNCLEAR = """
football field; tree crops; fallow; abandoned cropland; former cropland; no forest; crop/no crop;
Acker / Grünland; cropland and grassland; orchards; fruit trees; plantation; mosaic of crops;
Vinterhvede; Zwischenlager; A; 211; unknown; 果园; campo; barbecho; cropdusting; Ackerhof
"""


def cases(text: str) -> list[str]:
    return [" ".join(case.split()) for case in text.split(";")]


@pytest.mark.parametrize(
    ("meaning", "texts"), [("cropland", CROPLAND), ("other", OTHER), ("unclear", UNCLEAR)]
)
def test_what_names_of_classes_say(meaning, texts) -> None:
    assert {text: meaning_of(text) for text in cases(texts)} == dict.fromkeys(cases(texts), meaning)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CLASS_2018", "class"),
        ("Land_Cover", "class"),
        ("Uso do solo", None),
        ("uso_solo", "class"),
        ("地类", "class"),
        ("КЛАСС", "class"),
        ("cultivo", "crop"),
        ("Type", "kind"),
        ("name", None),
        ("subclass", None),
    ],
)
def test_names_of_attributes(name, kind) -> None:
    assert column_kind(name) == kind


def file_of(**columns) -> LabelsFile:
    count = len(next(iter(columns.values())))
    shapes = np.array([shapely.box(i, 0, i + 1, 1) for i in range(count)], dtype=object)
    return LabelsFile("a.gpkg", "geopackage", "a", ("a",), None, count, shapes, columns)


@pytest.mark.parametrize(
    ("columns", "choice", "unclear"),
    [
        ({"class": ["Cultivated", "Uncultivated"]}, ("class", {"Cultivated"}), None),
        ({"type": ["field", "field margin"]}, ("type", {"field"}), None),
        ({"uso": ["cultivo", "sin cultivo"]}, ("uso", {"cultivo"}), None),
        ({"classe": ["lavoura", "pastagem"]}, ("classe", {"lavoura"}), None),
        ({"crop": ["wheat", "maize", "grass"]}, ("crop", {"wheat", "maize"}), None),
        ({"crop": ["wheat", "Vinterhvede"]}, (None, set()), None),
        ({"type": ["a", "b"]}, (None, set()), None),
        ({"class": ["cropland", "Foo"]}, ("class", {"cropland"}), ("Foo",)),
        ({"class": ["cropland", "grass", "Foo"]}, ("class", {"cropland"}), ("Foo",)),
        ({"class": ["cropland", "grass", None]}, ("class", {"cropland"}), (EMPTY,)),
        ({"class": ["forest", "water"]}, ("class", set()), ()),
        ({"class": [1, 2, 3]}, ("class", set()), ("1", "2", "3")),
        ({"class": ["Foo", "Bar"], "lc": ["crops", "trees"]}, ("lc", {"crops"}), None),
        ({"cropland": ["ja", "nein"]}, ("cropland", {"ja"}), None),
        ({"cropland": [1, 1]}, (None, set()), None),
    ],
)
def test_what_is_asked(columns, choice, unclear) -> None:
    file = file_of(**columns)
    assert guess(file) == ClassChoice(choice[0], frozenset(choice[1]))
    question = class_question(file)
    assert (question.unclear if question else None) == unclear
    if question is not None:
        assert question.column in question.sentence("a.gpkg")


def test_a_choice_as_a_person_types_it() -> None:
    assert parse_choice(" class = a, b ,") == ClassChoice("class", frozenset({"a", "b"}))
    assert parse_choice("c=Beaches, dunes;x") == ClassChoice(
        "c", frozenset({"Beaches, dunes", "x"})
    )
    for wrong in ("class", "=a", "class=", "class= , "):
        with pytest.raises(InputError, match="does not say"):
            parse_choice(wrong)
    file = file_of(kind=["a", "b"])
    assert choice_of(file, ClassChoice()) == ClassChoice()
    with pytest.raises(InputError, match="no attribute nature"):
        choice_of(file, ClassChoice("nature", frozenset({"a"})))
    with pytest.raises(InputError, match="never is c"):
        choice_of(file, ClassChoice("kind", frozenset({"a", "c"})))
