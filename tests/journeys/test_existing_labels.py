"""Labels from one project into another: exported, taken over, corrected, exported again."""

import geopandas
import pyogrio
import pytest
import shapely

from core.farmland import write_scene
from tests.journeys.test_working_day import made_project


@pytest.fixture(scope="module")
def land(at_home):
    return write_scene(at_home / "labels", seed=23, size=500)


def quick_project(name: str, *files) -> tuple[str, str]:
    """A project that waits for no model: its place in an address, and where a tile is shown."""
    project, scene, address = made_project(name, *files)
    record = project.scene(scene)
    project.update_scene(scene, expected_version=record.version, settings={"model": None})
    return f"project={project.id}&scene={scene}", address


def exported(visitor, target) -> geopandas.GeoDataFrame:
    """The GeoPackage of the Results page."""
    visitor.go("Results")
    visitor.click(visitor.page.get_by_role("button", name="Make the files"))
    visitor.take("GeoPackage", target.parent).rename(target)
    return geopandas.GeoDataFrame(pyogrio.read_dataframe(target, layer="parcels"))


def test_labels_go_from_one_project_into_another(visitor, at_home, land) -> None:
    _, address = quick_project("First", land.scene, land.landcover)
    visitor.open(address)
    assert visitor.map_ready()["parcels"]
    saved = at_home / "Äcker <i>.gpkg"
    sent = exported(visitor, saved)
    assert len(sent) > 2

    place, _ = quick_project("Second", land.scene)
    visitor.open(f"/scene?{place}")
    visitor.click(visitor.page.get_by_role("tab", name="Existing labels"))
    visitor.calm()
    panel = visitor.page.get_by_role("tabpanel", name="Existing labels")
    visitor.click(panel.get_by_text("Upload", exact=True))
    panel.locator("input[type=file]").set_input_files(str(saved))
    panel.get_by_text(saved.name).wait_for()
    visitor.click(panel.get_by_role("button", name="Read the file"))
    panel.get_by_text("This app wrote the file").wait_for()
    visitor.click(panel.get_by_role("button", name="Import these labels"))
    panel.get_by_text(f"Imported: {len(sent)} parcels").wait_for()
    visitor.click(panel.get_by_text("See them on the Annotate page"))
    state = visitor.map_ready()
    assert len(state["parcels"]) == len(sent)
    assert state["cropland_ha"] == pytest.approx(sent["area_ha"].sum(), rel=1e-3)

    # One of them is no field: it goes, by the tool of every day.
    largest = max(state["parcels"], key=lambda parcel: parcel["area_ha"])
    spot = shapely.Polygon(largest["rings"][0], largest["rings"][1:]).representative_point()
    visitor.press("tool-parcel_delete")
    visitor.click_at(spot.x, spot.y)
    visitor.saved()
    assert len(visitor.map_ready()["parcels"]) == len(sent) - 1

    back = exported(visitor, at_home / "back.gpkg")
    assert len(back) == len(sent) - 1
    for shape in back.geometry:
        assert shapely.hausdorff_distance(sent.geometry.to_numpy(), shape).min() < 0.5
    lost = sent["area_ha"].sum() - back["area_ha"].sum()
    assert lost == pytest.approx(largest["area_ha"], rel=1e-3)
