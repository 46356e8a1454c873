"""Fills a server's database with jobs, as a year of a shop would: `many_jobs.py DATA_DIR COUNT`.

Orders over HTTP would be checked and priced one by one; what is tested is the table that shows them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tirage.jobs.model import NewJob
from tirage.jobs.service import JobService
from tirage.pipelines import PIPELINES
from tirage.settings import Settings
from tirage.stores.database import Database

PRODUCTS = 111
COLOURS = ("navy", "white", "black")


def main(folder: Path, count: int) -> None:
    """Queued mockups, spread evenly over products `many_0` to `many_110`."""
    with Database(Settings.read(data_dir=folder).database_url) as database:
        JobService(database, pipelines=PIPELINES).create_many(
            [
                NewJob(
                    pipeline="mockup",
                    product_id=f"many_{number % PRODUCTS}",
                    design_file_url="uploads/render-jobs/many/design.png",
                    preset="chest-medium",
                    options={"fabric_color": COLOURS[number % len(COLOURS)], "render_mode": "all"},
                )
                for number in range(count)
            ]
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
