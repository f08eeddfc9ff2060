"""The page of published tables shows what fits made now give; the data lie outside the repository, in `shared`."""

from __future__ import annotations

import published_panels as published
import published_tables
import pytest


@pytest.mark.slow
@pytest.mark.skipif(not published.THERE, reason="the reference data are not there")
def test_the_page_shows_what_fits_give():
    page = published_tables.PAGE.read_text()
    assert published_tables.fill(page, published_tables.tables()) == page


def test_every_table_of_the_page_is_filled():
    page = published_tables.PAGE.read_text()
    names = [line.split()[2] for line in page.splitlines() if line.startswith("<!-- table ")]
    assert len(names) == 7
    for name in names:
        inside = page.partition(f"<!-- table {name} -->")[2].partition(f"<!-- end {name} -->")[0]
        assert inside.count("\n|") > 5
