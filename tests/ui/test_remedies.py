import ast
import re
from functools import cache
from pathlib import Path

import pytest

import core
from core.cli.remedies import COMMAND_WORDS, command_hint
from core.errors import CropMapError, MissingWeightsError, Remedy
from ui.remedies import PAGE_WORDS, page_hint
from ui.server.errors import error_response

CORE = Path(core.__file__).parent
OF_THE_COMMAND_LINE = re.compile(
    r"(?<![\w-])--[a-z]"
    r"|\bcropmap (map|embed|weights|project|evaluate|experiment|replay|landcovers|demo|app)\b"
)
OF_THE_PAGES = re.compile(r"\b(Start|Scenes?|Annotate|Review|Results|Evaluate) page\b|settings\.$")


@cache
def parsed() -> dict[Path, ast.Module]:
    """All modules of core, parsed once."""
    return {file: ast.parse(file.read_text("utf-8")) for file in sorted(CORE.rglob("*.py"))}


def error_classes() -> set[str]:
    """Names of all classes in core that are errors for the user."""
    bases = {
        node.name: {ast.unparse(base) for base in node.bases}
        for tree in parsed().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"CropMapError"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


@cache
def errors_raised() -> list[tuple[str, ast.Call, dict[str, ast.expr]]]:
    """Place, call and constants of the module of every error of core that is made."""
    classes = error_classes()
    calls = []
    for file, tree in parsed().items():
        if file.is_relative_to(CORE / "cli"):  # its errors never reach a page
            continue
        constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        calls += [
            (f"{file.relative_to(CORE)}:{node.lineno}", node, constants)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and (name := getattr(node.func, "id", getattr(node.func, "attr", "")))
            and name in classes
        ]
    return calls


def texts(call: ast.Call, constants: dict[str, ast.expr]) -> list[str]:
    """All words in the arguments of a call, those of the module's constants included."""
    named = [constants[n.id] for n in ast.walk(call) if getattr(n, "id", "") in constants]
    return [
        node.value
        for root in (call, *named)
        for node in ast.walk(root)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_errors_of_core_name_neither_options_nor_pages() -> None:
    raised = errors_raised()
    packages = {place.split("/")[0] for place, *_ in raised if "/" in place}
    # The scan itself: it finds errors in every package that has any, and words in them.
    assert packages >= {"existing", "export", "imagery", "label", "landcover", "mapping", "predict"}
    assert packages >= {"project", "review", "sam", "session", "study"}
    assert sum(len(texts(call, constants)) for _, call, constants in raised) > 300
    wrong = [
        f"{place}: {text}"
        for place, call, constants in raised
        for text in texts(call, constants)
        if OF_THE_COMMAND_LINE.search(text) or OF_THE_PAGES.search(text)
    ]
    assert not wrong


@pytest.mark.parametrize("remedy", Remedy)
def test_every_remedy_has_words_on_the_command_line_and_on_the_pages(remedy) -> None:
    assert not OF_THE_COMMAND_LINE.search(PAGE_WORDS[remedy])
    assert not OF_THE_PAGES.search(COMMAND_WORDS[remedy])
    error = CropMapError("It is wrong.", "Mind it.", remedy, {"model": "small", "megabytes": "9"})
    for hint in (page_hint(error), command_hint(error)):
        assert hint.startswith("Mind it. ")
        assert len(hint) > len("Mind it. ")


def test_facts_come_with_every_error_whose_words_name_them() -> None:
    for place, call, _ in errors_raised():
        given = {k.arg: k.value for k in call.keywords}
        named = {
            name
            for node in ast.walk(call)
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Remedy"
            for words in (PAGE_WORDS[Remedy[node.attr]], COMMAND_WORDS[Remedy[node.attr]])
            for name in re.findall(r"{(\w+)}", words)
        }
        facts = given.get("facts", call.args[3] if len(call.args) > 3 else ast.Dict([], []))
        if named:
            assert isinstance(facts, ast.Dict), place
            assert named <= {ast.literal_eval(key) for key in facts.keys if key}, place


def test_a_remedy_survives_the_way_through_another_process_and_to_the_map() -> None:
    facts = {"model": "mobile_sam", "megabytes": "41", "path": "/w/mobile_sam.pt"}
    missing = MissingWeightsError("They are missing.", "", Remedy.FETCH_WEIGHTS, facts)
    again = MissingWeightsError.from_json(missing.to_json())
    assert command_hint(again) == (
        "Fetch them (41 MB): cropmap weights fetch mobile_sam (or put the file at /w/mobile_sam.pt "
        "yourself)"
    )
    on_the_page = "Download them (41 MB) in the settings, or put the file at /w/mobile_sam.pt"
    assert page_hint(again) == f"{on_the_page} yourself."
    assert on_the_page.encode() in error_response(again).body


@pytest.mark.parametrize(
    "sent",
    [
        {"remedy": "rm -rf", "facts": []},
        {"remedy": ["x"], "facts": {"a": 1}},
        {"remedy": "fetch_weights", "facts": None},
        {"message": {"deep": []}, "hint": "h" * 10_000},
    ],
)
def test_what_a_process_that_read_a_strangers_file_sends_is_bounded(sent) -> None:
    error = CropMapError.from_json(sent)
    assert len(page_hint(error)) <= 1100
    assert len(error.message) <= 1000
    assert error.remedy in {None, Remedy.FETCH_WEIGHTS}
