"""What is stored is for its owner only."""


def test_a_file_of_ours_is_its_owners_only(tmp_path, open_store):
    opened = open_store(f"sqlite:///{tmp_path}/store.sqlite3")
    assert opened.store.prepare() == "ok"
    opened.store.record_advice([b"x" * 32], 9e9)
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}
