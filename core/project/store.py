"""A project: every public method is one transaction, from any thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import insert, select, update

from core.attributes import AttributeSchema
from core.edit_record import NewEdit
from core.errors import DiskFullError, InputError, ProjectError, Remedy
from core.project import (
    attribute_schemas,
    places,
    scenes,
    second_reviews,
    second_steps,
    sqlite,
    tiles,
    verdict_steps,
)
from core.project import edit_log as logs
from core.project.backup import AutomaticBackup, back_up, is_kept_aside, new_backup_path
from core.project.branches import Branches
from core.project.chain import LEFT_OVER, Checks, Damage, foreign_journal
from core.project.database import Database
from core.project.journal import Change, read_history
from core.project.links import NO_LINK
from core.project.migrations import migrate, newest_version
from core.project.open_file import same_contents
from core.project.paths import portable, resolved, with_paths
from core.project.records import (
    UNSET,
    HistoryRow,
    NewTile,
    SceneRecord,
    SecondReview,
    TileLog,
    TileMoment,
    TileRecord,
    Unset,
    VerdictSteps,
)
from core.project.rows import PROJECT, check_row
from core.project.schema import metadata, project
from core.project.verification import verify_project
from core.settings import get_settings

_LOG = logging.getLogger(__name__)


class Project:
    """An open project; make one with :meth:`create` or :meth:`open`.

    A method that changes something returns only after the change is on the disk.  All of them raise
    :class:`~core.errors.ProjectError` where the file cannot be read (any more) or the scene or tile
    is unknown, :class:`~core.errors.DiskFullError` where a change does not fit, and those that take
    an ``expected_version`` raise :class:`~core.errors.ConflictError` where it is not the present
    one; nothing has changed then.

    Attributes
    ----------
    path : Path
        The file, absolute.
    id : str
        Of this project alone, 32 hexadecimal digits.
    name : str
        As it was when opened, or renamed through this object.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._branches = Branches()
        self._listeners: list[Callable[[], None]] = []
        self._checks = Checks()
        self._automatic: AutomaticBackup | None = None
        self._tile_lists = tiles.TileLists()
        self.path = database.path
        with database.read() as connection:
            row = connection.execute(select(project.c.id, project.c.name)).one()
        check_row("project", 1, row, PROJECT)
        self.id: str = row.id
        self.name: str = row.name

    @classmethod
    def create(cls, target: Path | str, name: str) -> Self:
        """Make a new project, and the folders above its file.

        Parameters
        ----------
        target : Path or str
            The project's file, which holds everything, or, where ``CROPMAP_DATABASE_URL`` is set,
            names a new schema of that database.  Or ``postgresql+psycopg://…``, the address of a
            database; the file is then made in the projects folder.

        Raises
        ------
        InputError
            The name is empty, or the address is none.
        ProjectError
            The file exists, or the database cannot be used.
        OutputError
            The folder cannot be written.
        """
        name, project_id = scenes.checked_name(name), uuid4().hex
        database = places.create_database(target, name, project_id)
        try:
            _make_tables(database, name, project_id)
            return cls(database)
        except BaseException:
            # Whatever stopped it, no half-made file stays behind to be mistaken for a project.
            database.discard()
            raise

    @classmethod
    def open(cls, target: Path | str) -> Project:
        """Open a project, and bring it to the newest version where it is older.

        Parameters
        ----------
        target : Path or str
            The project's file, or ``postgresql+psycopg://…?schema=…``.

        Raises
        ------
        InputError
            The address is none of a project.
        ProjectError
            The project is missing, not a project, damaged, or of a newer version, or the database
            that holds it cannot be used.
        """
        database = places.open_database(target)
        try:
            # First: it refuses what other programs made, which must stay as it is.
            migrate(database)
            database.check()
            opened = cls(database)
            opened._verify()
            opened._find_paths_again()
            opened._back_up_daily()
            return opened
        except BaseException:
            database.close()
            raise

    @property
    def folder(self) -> Path:
        """Where the big files of the project lie."""
        return self.path.parent

    def _find_paths_again(self) -> None:
        """Make a project that has absolute paths of files in its folder fit to be moved."""
        with self._database.read() as connection:
            if not scenes.moved_paths(connection, self.folder):
                return
        try:
            with self._database.write() as connection:
                scenes.store_paths(connection, scenes.moved_paths(connection, self.folder))
        except (ProjectError, DiskFullError) as error:
            _LOG.warning("Paths in %s stay absolute: %s", self.path.name, error)

    def _verify(self) -> None:
        """Compare the rows with their hashes; a project that is damaged opens all the same."""
        with self._database.read() as connection:
            verify_project(connection, self._checks)
        if (kept := self._database.left_over) is not None:
            self._checks.report(LEFT_OVER, foreign_journal(self.path.name, kept.name))
        for damage in self.damages():
            _LOG.warning("%s: %s", self.path.name, damage.sentence)

    def damages(self) -> tuple[Damage, ...]:
        """What was found to be damaged, when the project was opened or a tile was read.

        The good part of a damaged log stays in use; nothing is erased.
        """
        return self._checks.damages()

    def backup(self, target: Path | None = None) -> Path:
        """Copy the project as it is into one file; by default beside it, in ``backups``.

        Raises
        ------
        ProjectError
            There is a file already, or the project cannot be read.
        OutputError
            The copy cannot be written.
        """
        target = target or new_backup_path(self.path)
        back_up(self._database, target)
        return target.absolute()

    def _back_up_daily(self) -> None:
        """Once a day, when work rests; nobody waits for it."""
        database = self._database
        wanted = get_settings().automatic_backups and not is_kept_aside(self.path)
        if wanted and isinstance(database, sqlite.SqliteDatabase):
            self._automatic = AutomaticBackup(database, self._checks)
            database.call_at_rest(self._automatic.make)

    def rename(self, name: str) -> None:
        """Give the project another name; the file keeps its own."""
        name = scenes.checked_name(name)
        with self._change() as change:
            change.connection.execute(update(project).values(name=name))
            change.record("project renamed", detail={"name": name, "before": self.name})
        self.name = name

    def attributes(self) -> AttributeSchema:
        """The attributes that parcels of this project have beyond those of every project."""
        with self._database.read() as connection:
            return attribute_schemas.read_attributes(connection)

    def set_attributes(
        self, schema: AttributeSchema, *, author: str, expected: AttributeSchema
    ) -> None:
        """Give the project other attributes; what was said by earlier ones stays in the log.

        ``expected`` are the present ones.
        """
        with self._change() as change:
            attribute_schemas.set_attributes(change, schema, author=author, expected=expected)

    def close(self) -> None:
        """Close the file; methods called later raise ProjectError."""
        self._database.close()

    @property
    def file_stamp(self) -> str:
        """Names the project and the file that holds it; another file has another."""
        return f"{self.id[:12]}-{self._database.stamp}"

    def verify(self) -> None:
        """Return only where the file at the path is still the one that was opened.

        Raises
        ------
        ProjectReplacedError
            It is not; what was saved before was rescued.
        """
        self._database.verify()

    def has_contents_of(self, file_stamp: str) -> bool:
        """Whether a stamp is this file's, or that of one that was put back under another inode."""
        own, _, file = file_stamp.partition("-")
        return own == self.id[:12] and same_contents(file, self._database.stamp)

    def revision(self) -> int:
        """A number that grows with every commit, whoever makes it."""
        with self._database.read() as connection:
            return int(connection.execute(select(project.c.revision)).scalar_one())

    def changes_since(self, revision: int) -> list[tuple[str, str]]:
        """(scene id, tile name) touched after a revision, each once.

        A change of a scene's description, land cover or settings, and its removal, touch all its
        tiles.
        """
        if not 0 <= revision < 2**63:
            raise InputError(f"{revision} is no revision of a project.", remedy=Remedy.ASK_AGAIN)
        with self._database.read() as connection:
            return tiles.touched_tiles(connection, revision)

    def add_scene(
        self,
        name: str,
        scene: dict[str, Any],
        landcover: dict[str, Any] | None,
        tiles: Sequence[NewTile],
    ) -> SceneRecord:
        """Add a scene and its tiles; two tiles of one name are an InputError.

        Paths in it are absolute, here and in every record; those inside the project's folder are
        stored relative to it.
        """
        scene, landcover = self._portable(scene), self._portable(landcover)
        with self._change() as change:
            return self._resolved(scenes.add_scene(change, name, scene, landcover, tiles))

    def scenes(self) -> list[SceneRecord]:
        """The scenes, in the order in which they were added, without those removed."""
        with self._database.read() as connection:
            return [self._resolved(record) for record in scenes.all_scenes(connection)]

    def scene(self, scene_id: str) -> SceneRecord:
        """One scene; ProjectError where it is unknown or removed."""
        with self._database.read() as connection:
            return self._resolved(scenes.one_scene(connection, scene_id))

    def update_scene(
        self,
        scene_id: str,
        *,
        expected_version: int,
        name: str | None = None,
        scene: dict[str, Any] | None = None,
        landcover: dict[str, Any] | Unset | None = UNSET,
        settings: dict[str, Any] | None = None,
        tiles: Sequence[NewTile] | None = None,
    ) -> SceneRecord:
        """Replace what is given and add the tiles whose names are new; existing ones stay."""
        with self._change() as change:
            record = scenes.update_scene(
                change,
                scene_id,
                expected_version=expected_version,
                name=name,
                description=self._portable(scene),
                landcover=self._portable(landcover),
                settings=self._portable(settings),
                tiles=tiles,
            )
            return self._resolved(record)

    def remove_scene(self, scene_id: str, expected_version: int) -> None:
        """Hide a scene; nothing of it is erased from the file."""
        with self._change() as change:
            scenes.remove_scene(change, scene_id, expected_version)

    def removed_scenes(self) -> list[SceneRecord]:
        """Scenes that were removed and can be put back."""
        with self._database.read() as connection:
            return [self._resolved(record) for record in scenes.removed_scenes(connection)]

    def restore_scene(self, scene_id: str) -> None:
        """Put a removed scene back, with its tiles and all that was done on them."""
        with self._change() as change:
            scenes.restore_scene(change, scene_id)

    def tiles(self, scene_id: str) -> list[TileRecord]:
        """Tiles of a scene in their order; records are shared, their figures not to be changed."""
        with self._database.read() as connection:
            scenes.one_scene(connection, scene_id)
            return tiles.all_tiles(connection, self._tile_lists, scene_id)

    def tile(self, scene_id: str, name: str) -> TileRecord:
        """One tile."""
        with self._database.read() as connection:
            return tiles.tile_record(tiles.tile_row(connection, scene_id, name))

    def set_figures(self, scene_id: str, name: str, figures: dict[str, float]) -> None:
        """Set these figures and keep the others; an InputError where one is not finite."""
        plain = tiles.checked_figures(figures)
        with self._change() as change:
            tiles.merge_figures(change, scene_id, name, plain)

    def set_verdict(
        self,
        scene_id: str,
        name: str,
        verdict: str,
        *,
        comment: str,
        reviewer: str,
        expected_version: int,
        expected_log: int | None = None,
    ) -> TileRecord:
        """Give a verdict; ``expected_version`` is the present verdict's.

        ``expected_log`` is the version of the edit log that was seen, where that is known: a label
        that nobody has seen is not signed.
        """
        with self._change() as change:
            return tiles.set_verdict(
                change,
                scene_id,
                name,
                verdict,
                comment=comment,
                reviewer=reviewer,
                expected_version=expected_version,
                expected_log=expected_log,
            )

    def verdict_steps(self, scene_id: str, name: str) -> VerdictSteps:
        """Whose verdicts on a tile could be taken back and brought back."""
        with self._database.read() as connection:
            return verdict_steps.verdict_steps(connection, scene_id, name)

    def step_verdict(
        self, scene_id: str, name: str, *, forward: bool, author: str, expected_version: int
    ) -> TileRecord:
        """Take the last verdict back, or with ``forward`` bring back the one taken back last.

        The one before it, whoever gave it, is the tile's again; without any, nothing changes.
        """
        with self._change() as change:
            return verdict_steps.step_verdict(
                change,
                scene_id,
                name,
                forward=forward,
                author=author,
                expected_version=expected_version,
            )

    def second_reviews(self, scene_id: str) -> list[SecondReview]:
        """Tiles of a scene that are, or were, put up for a second look, in their order."""
        with self._database.read() as connection:
            return second_reviews.second_reviews_of(connection, scene_id)

    def second_review(self, scene_id: str, name: str) -> SecondReview | None:
        """The second look at one tile; None where it was never put up for one."""
        with self._database.read() as connection:
            return second_reviews.second_review_of(connection, scene_id, name)

    def draw_second_reviews(
        self, scene_id: str, names: Sequence[str], *, seed: int, author: str
    ) -> int:
        """Put tiles up for a second look; returns how many are new.

        ``seed`` is that of the draw that chose them.  A tile without a verdict is an InputError.
        """
        with self._change() as change:
            return second_reviews.draw_second_reviews(
                change, scene_id, names, seed=seed, author=author
            )

    def withdraw_second_reviews(self, scene_id: str, *, author: str) -> int:
        """Take back the tiles that still wait for their second verdict; returns how many."""
        with self._change() as change:
            return second_reviews.withdraw_second_reviews(change, scene_id, author=author)

    def give_second_verdict(
        self,
        scene_id: str,
        name: str,
        verdict: str,
        *,
        comment: str,
        reviewer: str,
        expected_version: int,
        expected_log: int | None = None,
    ) -> SecondReview:
        """Give the second verdict; the first stays the tile's.

        ``expected_version`` is that of the tile's (first) verdict, and ``expected_log`` as in
        :meth:`set_verdict`.  Open is no second verdict, and
        the first reviewer cannot give it: both are an InputError.
        """
        with self._change() as change:
            return second_reviews.give_second_verdict(
                change,
                scene_id,
                name,
                verdict,
                comment=comment,
                reviewer=reviewer,
                expected_version=expected_version,
                expected_log=expected_log,
            )

    def second_steps(self, scene_id: str, name: str) -> VerdictSteps:
        """Whose second verdict on a tile could be taken back, and whose brought back."""
        with self._database.read() as connection:
            return second_steps.second_steps(connection, scene_id, name)

    def step_second_verdict(
        self, scene_id: str, name: str, *, forward: bool, author: str
    ) -> SecondReview | None:
        """Take the second verdict back, so that the tile waits again, or bring it back.

        Without one, and where a later verdict has settled the matter, nothing changes.
        """
        with self._change() as change:
            return second_steps.step_second_verdict(
                change, scene_id, name, forward=forward, author=author
            )

    def log_at(self, scene_id: str, name: str, head: int) -> TileLog:
        """The edits that were in force when the log stood at ``head``, to be read only."""
        with self._database.read() as connection:
            return logs.read_log_at(connection, self._branches, self._checks, scene_id, name, head)

    def log(self, scene_id: str, name: str) -> TileLog:
        """The edits of a tile that are in force; records are shared, their data not to be changed.

        Only what is new since the last call is read.
        """
        with self._database.read() as connection:
            return logs.read_log(connection, self._branches, self._checks, scene_id, name)[1]

    def moment(self, scene_id: str, name: str) -> TileMoment:
        """A scene, a tile of it and its log as they were at one moment."""
        with self._database.read() as connection:
            record = self._resolved(scenes.one_scene(connection, scene_id))
            found, log = logs.read_log(connection, self._branches, self._checks, scene_id, name)
            return TileMoment(record, found, log)

    def append(
        self,
        scene_id: str,
        name: str,
        edits: Sequence[NewEdit],
        *,
        author: str,
        expected_version: int,
        together: bool = True,
    ) -> TileLog:
        """Append edits in one commit.  None leave the log as it is.

        They are undone ``together``, or else one by one, as what a person did while an earlier
        edit was still on its way to the disk.
        """
        steps = [edits] if together or not edits else [[edit] for edit in edits]
        with self._change() as change:
            log = logs.append_edits(
                change, scene_id, name, steps[0], author=author, expected_version=expected_version
            )
            for step in steps[1:]:
                log = logs.append_edits(
                    change, scene_id, name, step, author=author, expected_version=log.version
                )
            return log

    def undo(self, scene_id: str, name: str, *, author: str, expected_version: int) -> TileLog:
        """Take back the last step; where there is none, the log unchanged."""
        with self._change() as change:
            return logs.undo_step(
                change, scene_id, name, author=author, expected_version=expected_version
            )

    def redo(self, scene_id: str, name: str, *, author: str, expected_version: int) -> TileLog:
        """Bring back the step undone last; where there is none, the log unchanged."""
        with self._change() as change:
            return logs.redo_step(
                change, scene_id, name, author=author, expected_version=expected_version
            )

    def history(
        self, *, scene_id: str | None = None, tile: str | None = None, limit: int = 500
    ) -> list[HistoryRow]:
        """Who did what, newest first, including removed scenes and undone edits.

        Actions, with the main parts of their details: ``edit``, ``undo``, ``redo`` (``kinds``),
        ``verdict`` (``verdict``, ``before``, ``comment``, ``head``), ``verdict undone`` and
        ``redone`` (``verdict``, ``before``), ``second verdict`` (``verdict``,
        ``first``, ``comment``), ``second verdict undone`` and ``redone``, ``second look drawn``
        (``tiles``, ``names``, ``seed``) and ``withdrawn``, ``scene added``, ``scene changed``,
        ``scene removed``, ``project created``, ``project renamed`` (``name``),
        ``project duplicated`` (``name``, ``before``, ``of``: the name and id of the first), and
        ``attributes changed`` (``name``: those of the attributes, ``schema``).
        """
        with self._database.read() as connection:
            return read_history(connection, scene_id=scene_id, tile=tile, limit=limit)

    def _portable(self, value: Any) -> Any:
        return with_paths(value, portable, self.folder)

    def _resolved(self, record: SceneRecord) -> SceneRecord:
        return replace(
            record,
            scene=with_paths(record.scene, resolved, self.folder),
            landcover=with_paths(record.landcover, resolved, self.folder),
            settings=with_paths(record.settings, resolved, self.folder),
        )

    @contextmanager
    def _change(self) -> Iterator[Change]:
        with self._database.write() as connection:
            change = Change(connection, self._branches, self._checks)
            yield change
        self._branches.keep(change.branches)
        self._checks.keep(change.verified)
        for tell in tuple(self._listeners):
            tell()

    @contextmanager
    def listening(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call ``tell`` after each commit that this object makes, from the thread that makes it.

        Of commits by other processes nobody hears: :meth:`revision` says that there were some.
        """
        self._listeners.append(tell)
        try:
            yield
        finally:
            self._listeners.remove(tell)


def _make_tables(database: Database, name: str, project_id: str) -> None:
    now = datetime.now(UTC)
    with database.write() as connection:
        database.prepare(connection)
        metadata.create_all(connection)
        connection.execute(
            insert(project).values(
                id=project_id,
                name=name,
                created_at=now,
                changed_at=now,
                revision=0,
                journal_link=NO_LINK,
            )
        )
        Change(connection).record("project created", detail={"name": name})
        database.set_version(connection, newest_version())
