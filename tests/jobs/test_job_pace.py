from core.jobs.job_pace import JobPace


def test_tiles_that_were_at_hand_do_not_make_the_rest_look_quick() -> None:
    now = [0.0]
    pace = JobPace(lambda: now[0])
    assert pace.step("Mapping", 0) == 0.0
    for done in range(1, 101):
        now[0] += 0.001
        pace.step("Mapping", done)
    for done in range(101, 107):
        now[0] += 5.0
        told = pace.step("Mapping", done)
    assert told == 0.2


def test_another_stage_begins_anew_and_jumps_count_as_many_steps() -> None:
    now = [0.0]
    pace = JobPace(lambda: now[0])
    for done in (0, 10, 20):
        told = pace.step("Mapping", done)
        now[0] += 5.0
    assert told == 2.0
    assert pace.step("Zipping", 0) == 0.0
    assert pace.step("Zipping", 0) == 0.0
