import pytest

from core.errors import InputError
from core.existing.class_choice import ClassChoice, ReadingAnswers
from core.study.metrics.pairs import Pair, find_pairs, read_pairs


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_two_files_are_one_pair(tmp_path) -> None:
    one, two = tmp_path / "a.tif", tmp_path / "b.gpkg"
    touch(one, two)
    assert find_pairs(one, two, product="x") == [Pair("a", one, two, product="x")]


def test_folders_are_paired_by_name_and_a_map_counts_by_its_folder(tmp_path) -> None:
    maps, truth, images = (tmp_path / name for name in ("maps", "truth", "images"))
    touch(maps / "41.5N_90.1W" / "mask.tif", maps / "41.5N_90.1W" / "parcels.gpkg")
    touch(maps / "b.tif", maps / "alone.tif", maps / "notes.txt", maps / "empty" / "x.tif")
    touch(truth / "41.5N_90.1W.geojson", truth / "b.shp", truth / "b.dbf", truth / "other.tif")
    touch(images / "41.5N_90.1W.tif", images / "b.jpg")
    landcover = tmp_path / "landcover.tif"
    run = maps / "41.5N_90.1W"
    assert find_pairs(maps, truth, scene=images, landcover=landcover) == [
        Pair(
            "41.5N_90.1W",
            run / "mask.tif",
            truth / "41.5N_90.1W.geojson",
            run / "parcels.gpkg",
            images / "41.5N_90.1W.tif",
            landcover,
        ),
        Pair("b", maps / "b.tif", truth / "b.shp", None, images / "b.jpg", landcover),
    ]
    (alone,) = find_pairs(run, truth / "b.shp")
    assert (alone.name, alone.prediction) == ("41.5N_90.1W", run / "mask.tif")


@pytest.mark.parametrize(
    ("files", "scene", "words"),
    [
        (["p/a.tif", "t/b.tif"], None, "No name is in both folders"),
        (["p/a.tif", "p/a.png", "t/a.tif"], None, "could be a.png or a.tif"),
        (["p/a.tif", "t/a.tif", "s/c.tif"], "s", "holds no scene for a"),
        (["p/a.tif", "t"], None, "is a folder and"),
    ],
)
def test_folders_that_do_not_pair_are_one_sentence(tmp_path, files, scene, words) -> None:
    touch(*(tmp_path / name for name in files))
    with pytest.raises(InputError, match=words) as raised:
        find_pairs(
            tmp_path / "p", tmp_path / "t", scene=None if scene is None else tmp_path / scene
        )
    assert raised.value.hint or raised.value.remedy


def test_a_table_names_pairs_relative_to_itself(tmp_path) -> None:
    touch(tmp_path / "run" / "mask.tif")
    table = tmp_path / "pairs.csv"
    table.write_bytes(
        "\ufeffname,prediction,truth,scene,product\nnórth,run,t.gpkg,,\n,p.tif,t.tif,s.tif,cdl\n".encode()
    )
    assert read_pairs(table) == [
        Pair("nórth", tmp_path / "run" / "mask.tif", tmp_path / "t.gpkg"),
        Pair("p", tmp_path / "p.tif", tmp_path / "t.tif", scene=tmp_path / "s.tif", product="cdl"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"prediction\na.tif\n", "has no column truth"),
        (b"", "has no column prediction and no column truth"),
        (b"prediction,truth\n", "has no line"),
        (b"prediction,truth\na.tif,\n", "Line 2 of pairs.csv names no truth"),
        (b"prediction,truth\na.tif,b\nx/a.tif,c\n", "has the name a twice"),
        (b"\xff\xfe\x00prediction", "cannot be read as CSV"),
        (None, "cannot be read as CSV"),
    ],
)
def test_a_bad_table_is_one_sentence(tmp_path, text, words) -> None:
    table = tmp_path / "pairs.csv"
    if text is not None:
        table.write_bytes(text)
    with pytest.raises(InputError, match=words) as raised:
        read_pairs(table)
    assert raised.value.hint or raised.value.remedy


def test_a_table_says_which_layer_and_what_in_it_is_cropland(tmp_path) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text('prediction,truth,layer,cropland\np.tif,t.gpkg,fields,"class=a,b"\n')
    (pair,) = read_pairs(table)
    classes = ClassChoice("class", frozenset({"a", "b"}))
    assert pair.truth_answers == ReadingAnswers("fields", classes)
