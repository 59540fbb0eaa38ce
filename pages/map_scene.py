"""Map a scene: name it and its land cover, watch, look, download."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from core.errors import CropMapError
from core.farmland import write_scene
from core.landcover.registry import PRODUCTS
from core.pipeline import MapOptions, SceneRequest, model_title
from ui.job import Job
from ui.pictures import scene_preview, with_landcover, with_mask

DOWNLOADS = (
    ("parcels.shp.zip", "Shapefile"),
    ("parcels.gpkg", "GeoPackage"),
    ("parcels.geojson", "GeoJSON"),
    ("mask.tif", "Mask"),
    ("probability.tif", "Probability"),
    ("run.json", "Run record"),
)


def demo_job() -> Job:
    """A run over a scene that is made on the spot."""
    folder = Path(tempfile.mkdtemp(prefix="cropmap-demo-"))

    def prepare() -> SceneRequest:
        files = write_scene(folder, seed=7)
        return SceneRequest(str(files.scene), str(files.landcover))

    return Job(prepare, MapOptions(), folder)


def ask() -> Job | None:
    """The form; a job once it is filled in and sent."""
    st.title("Map the cropland of a scene")
    st.write("Land cover shows roughly where cropland is; the fields are drawn from your image.")
    # What was typed outlives the result or the error that it led to.
    typed: dict[str, str] = st.session_state.setdefault("typed", {})
    with st.form("scene"):
        scene = st.text_input("Scene", typed.get("scene", ""), placeholder="/data/orthophoto.tif")
        landcover = st.text_input(
            "Land cover", typed.get("landcover", ""), placeholder="/data/ESA_WorldCover_..._Map.tif"
        )
        out = st.text_input(
            "Folder for the results", typed.get("out", ""), placeholder="/data/results"
        )
        with st.expander("If the files do not tell"):
            product = st.selectbox(
                "Land cover product",
                [None, *PRODUCTS],
                format_func=lambda key: PRODUCTS[key].title if key else "Recognise it",
            )
            crs = st.text_input("CRS of the scene", typed.get("crs", ""), placeholder="EPSG:32633")
        sent = st.form_submit_button("Map it", type="primary")
    if st.button("Try it with a made scene"):
        return demo_job()
    if not sent:
        return None
    typed.update(scene=scene, landcover=landcover, out=out, crs=crs)
    missing = [
        name
        for name, value in (("scene", scene), ("land cover", landcover), ("folder", out))
        if not value.strip()
    ]
    if missing:
        st.warning(f"Name the {' and the '.join(missing)} first.")
        return None
    request = SceneRequest(scene.strip(), landcover.strip(), product, crs.strip() or None)
    return Job(lambda: request, MapOptions(), Path(out.strip()))


@st.fragment(run_every=0.4)
def watch(job: Job) -> None:
    """Progress until the job ends, then the whole page again."""
    if not job.running:
        st.rerun()
    share = job.done / job.total if job.total else 0.0
    count = f" ({job.done} of {job.total})" if job.total else ""
    st.progress(share, text=f"{job.stage}{count}…")
    if job.cancelling:
        st.caption("Stopping after this tile; what is done is kept.")
    elif st.button("Cancel"):
        job.cancel()


def show(job: Job) -> None:
    """The result, or what is wrong."""
    if job.error is not None:
        st.error(f"{job.error.message}\n\n{job.error.hint}")
    if job.result is None or job.request is None:
        return
    result = job.result
    st.title(f"{result.parcels:,} parcels, {result.cropland_ha:,.1f} ha of cropland")
    model = model_title(result.model)
    st.caption(f"Strategy {result.strategy} with {model} · prompts from {result.land_cover}")
    try:
        preview = scene_preview(job.request)
        pictures = (
            (preview.rgb, "Scene"),
            (with_landcover(job.request, preview), "Land cover over the scene"),
            (with_mask(job.out / "mask.tif", preview), "Cropland as mapped"),
        )
    except CropMapError as error:
        st.error(str(error))
        pictures = ()
    for column, (picture, caption) in zip(st.columns(3), pictures, strict=False):
        column.image(picture, caption=caption, width="stretch")
    st.subheader("Take it with you")
    for column, (name, label) in zip(st.columns(len(DOWNLOADS)), DOWNLOADS, strict=True):
        path = job.out / name
        if path.exists():
            column.download_button(label, path.read_bytes(), name, width="stretch")
    st.caption(f"All files lie in {job.out}.")


def main() -> None:
    """One page, three states: asking, working, showing."""
    job: Job | None = st.session_state.get("job")
    if job is None:
        job = ask()
        if job is not None:
            st.session_state["job"] = job
            job.start()
            st.rerun()
        return
    if job.running:
        st.title("Mapping the scene")
        watch(job)
        return
    show(job)
    if st.button("Map another scene" if job.error is None else "Back to the form"):
        del st.session_state["job"]
        st.rerun()


main()
