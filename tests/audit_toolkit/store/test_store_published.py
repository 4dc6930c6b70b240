import pytest

from audit_toolkit.errors import IntegrityError
from audit_toolkit.store import Store, write_published, write_report


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "round", create=True) as opened:
        yield opened


def published(store):
    folder = store.folder / "published"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_published_files_are_where_anyone_may_see_them(store):
    write_published(store, {"ceremony-1/frame.csv": b"leaf\n", "record.json": b"{}"})
    assert published(store) == {"ceremony-1/frame.csv": b"leaf\n", "record.json": b"{}"}


def test_publishing_the_same_again_changes_nothing(store):
    write_published(store, {"frame.csv": b"leaf\n"})
    before = (store.published_folder / "frame.csv").stat()
    write_published(store, {"frame.csv": b"leaf\n", "more.csv": b"x"})
    assert (store.published_folder / "frame.csv").stat() == before
    assert published(store) == {"frame.csv": b"leaf\n", "more.csv": b"x"}


def test_published_file_never_changes_and_nothing_else_is_written_then(store):
    write_published(store, {"frame.csv": b"leaf\n"})
    with pytest.raises(IntegrityError, match=r"frame\.csv is published") as refused:
        write_published(store, {"a.csv": b"new", "frame.csv": b"leaf\r\n"})
    assert refused.value.code == "published-differs"
    assert published(store) == {"frame.csv": b"leaf\n"}


def test_interrupted_write_leaves_no_half_file(store, monkeypatch):
    def stop(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_published(store, {"frame.csv": b"leaf\n"})
    monkeypatch.undo()
    assert not (store.published_folder / "frame.csv").exists()
    write_published(store, {"frame.csv": b"leaf\n"})
    assert published(store) == {"frame.csv": b"leaf\n"}


def test_report_is_replaced(store):
    write_report(store, "530101.zh.html", b"old")
    path = write_report(store, "530101.zh.html", b"new")
    assert path == store.folder / "reports" / "530101.zh.html"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["../round.sqlite", "/etc/x", "a/../../b", "", "a\\b"])
def test_no_file_leaves_its_folder(store, name):
    with pytest.raises(ValueError, match="must stay in its folder"):
        write_published(store, {name: b""})
    with pytest.raises(ValueError, match="must stay in its folder"):
        write_report(store, name, b"")
