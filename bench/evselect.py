"""evselect against what limits it, a hand-written numpy script and cfitsio's fitscopy: time and memory of processes.

    python -m bench.evselect [--events 10000000] [--repeat 5] [--directory DIR]

The event list is simulated from a fixed seed (34 bytes a row; 100 million events take 3.2 GiB). Contenders run in
turn, several times; medians of processor time count, which neighbours on the machine disturb less than the clock. The
limits are programs of the same run: one reads the file once, one turns the columns of the expression into numbers of
the machine too, and one besides writes as much as the filtered list has.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jobdefs.tasks.fitscards import Header
from jobdefs.tasks.fitsio import open_fits
from jobdefs.tasks.fitsout import Outputs

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 500_000
CENTRE, RADIUS, BIN = 25_921, 6_000, 80
MASK = 0xCFA0000
EXPRESSION = (
    f"(PATTERN<=4) && ((FLAG & {MASK:#x})==0) && (PI in [300:10000]) && ((X,Y) in CIRCLE({CENTRE},{CENTRE},{RADIUS}))"
)
COLUMNS = (
    ("TIME", "D", ">f8", "s", None),
    ("X", "J", ">i4", "0.05 arcsec", (1, 51_840)),
    ("Y", "J", ">i4", "0.05 arcsec", (1, 51_840)),
    ("PI", "I", ">i2", "eV", (0, 20_479)),
    ("FLAG", "J", ">i4", "", None),
    ("PATTERN", "B", "u1", "", (0, 31)),
    ("CCDNR", "B", "u1", "", (1, 12)),
    ("PHA", "I", ">i2", "CHAN", (0, 4_095)),
    ("DETX", "I", ">i2", "0.05 arcsec", (-20_000, 20_000)),
    ("DETY", "I", ">i2", "0.05 arcsec", (-20_000, 20_000)),
    ("RAWX", "I", ">i2", "pixel", (1, 64)),
    ("RAWY", "I", ">i2", "pixel", (1, 200)),
)

MOST_MEMORY = 500
"""MiB of resident memory that a run may take, however long the list."""

MOST_RATIO = 3.0
"""How many times as long as its limit a run may take."""

READ_SCRIPT = """
import sys

buffer = memoryview(bytearray(2**21))
with open(sys.argv[1], "rb", buffering=0) as file:
    while file.readinto(buffer):
        pass
"""

COLUMNS_SCRIPT = f"""
import sys
import numpy as np

dtype = np.dtype({[(name, kind) for name, _, kind, _, _ in COLUMNS]!r})
step = 2**21 // dtype.itemsize
buffer = bytearray(step * dtype.itemsize)
share = float(sys.argv[3])
with open(sys.argv[1], "rb", buffering=0) as file, open(sys.argv[4], "wb", buffering=0) as copy:
    file.seek(int(sys.argv[2]))
    while count := file.readinto(buffer) // dtype.itemsize:
        rows = np.frombuffer(buffer, dtype, count)
        for name in ("X", "Y", "PI", "FLAG", "PATTERN"):
            rows[name].astype(dtype[name].newbyteorder("="))
        copy.write(memoryview(buffer)[:int(share * len(buffer))])
"""

NUMPY_SCRIPT = f"""
import sys
import numpy as np
from astropy.io import fits

with fits.open(sys.argv[1], memmap=True) as hdus:
    data = hdus["EVENTS"].data
    x, y, pi = data["X"], data["Y"], data["PI"]
    keep = (data["PATTERN"] <= 4) & ((data["FLAG"] & {MASK}) == 0) & (pi >= 300) & (pi <= 10000)
    keep &= (x - {CENTRE}.0) ** 2 + (y - {CENTRE}.0) ** 2 <= {RADIUS}.0 ** 2
    x, y, pi = x[keep], y[keep], pi[keep]
    size = 51840 // {BIN}
    place = (y.astype(np.int64) - 1) // {BIN} * size + (x.astype(np.int64) - 1) // {BIN}
    image = np.bincount(place, minlength=size * size).reshape(size, size).astype(np.int32)
    counts = np.bincount(pi // 5, minlength=4096).astype(np.int32)
    columns = [fits.Column("CHANNEL", "I", array=np.arange(4096)), fits.Column("COUNTS", "J", array=counts)]
    fits.PrimaryHDU(image).writeto(sys.argv[2], overwrite=True)
    fits.BinTableHDU.from_columns(columns, name="SPECTRUM").writeto(sys.argv[3], overwrite=True)
    print(int(keep.sum()))
"""


class Run(NamedTuple):
    """What a process took: seconds by the clock, seconds of the processor, peak memory in MiB."""

    elapsed: float
    processor: float
    memory: float


def simulate(path: Path, events: int) -> None:
    """Write an event list of `events` rows."""
    rng = np.random.default_rng(20_240_601)
    dtype = np.dtype([(name, kind) for name, _, kind, _, _ in COLUMNS])
    header = Header([("XTENSION", "BINTABLE"), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", dtype.itemsize)])
    for keyword, value in (("NAXIS2", events), ("PCOUNT", 0), ("GCOUNT", 1), ("TFIELDS", len(COLUMNS))):
        header.append(keyword, value)
    for number, (name, form, _, unit, limits) in enumerate(COLUMNS, start=1):
        header.append(f"TTYPE{number}", name)
        header.append(f"TFORM{number}", form)
        header.append(f"TUNIT{number}", unit)
        for keyword, value in zip(("TLMIN", "TLMAX"), limits or (), strict=False):
            header.append(f"{keyword}{number}", value)
    header.append("EXTNAME", "EVENTS")
    header.append("TELESCOP", "XMM")
    with Outputs() as outputs:
        writer = outputs.open(str(path))
        writer.write(Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)]))
        stream = writer.stream(header)
        for start in range(0, events, CHUNK):
            count = min(CHUNK, events - start)
            rows = np.empty(count, dtype)
            rows["TIME"] = 1e8 + np.arange(start, start + count) * (50_000 / events)
            sky = rng.normal(CENTRE, 6_000, (2, count)).clip(1, 51_840)
            rows["X"], rows["Y"] = sky
            rows["DETX"], rows["DETY"] = (sky - CENTRE).clip(-20_000, 20_000)
            rows["PI"] = rng.exponential(2_000, count).clip(0, 20_479)
            rows["PHA"] = rows["PI"] // 5
            rows["FLAG"] = np.where(rng.random(count) < 0.9, 0, 1 << rng.integers(0, 24, count))
            rows["PATTERN"] = rng.choice(13, count, p=[0.6, *[0.08] * 4, *[0.01] * 8])
            rows["CCDNR"] = rng.integers(1, 13, count)
            rows["RAWX"] = rng.integers(1, 65, count)
            rows["RAWY"] = rng.integers(1, 201, count)
            stream.write(rows)
        stream.finish()


def run(command: list[str]) -> Run:
    """What a process took."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)[:200]} failed")
    return Run(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def contenders(table: Path, folder: Path) -> dict[str, list[str]]:
    """Name → command."""
    ours = [sys.executable, "-m", "jobdefs.tasks.evselect", f"table={table}", f"expression={EXPRESSION}"]
    image = [f"imageset={folder}/image.fits", "xcolumn=X", "ycolumn=Y", "imagebinning=binSize"]
    image += [f"ximagebinsize={BIN}", f"yimagebinsize={BIN}"]
    spectrum = [f"spectrumset={folder}/spectrum.fits", "energycolumn=PI", "spectralbinsize=5"]
    numpy_files = [str(folder / "numpy_image.fits"), str(folder / "numpy_spectrum.fits")]
    filtered = [*ours, f"filteredset={folder}/list.fits"]
    run(filtered)
    share = (folder / "list.fits").stat().st_size / table.stat().st_size
    with open_fits(str(table)) as file:
        begin = file.find("EVENTS").offset
    columns = [sys.executable, "-c", COLUMNS_SCRIPT, str(table), str(begin)]
    found = {
        "read the file": [sys.executable, "-S", "-c", READ_SCRIPT, str(table)],
        "read the columns": [*columns, "0", os.devnull],
        "evselect image": [*ours, *image],
        "evselect spectrum": [*ours, *spectrum],
        "evselect image+spectrum": [*ours, *image, *spectrum],
        "numpy image+spectrum": [sys.executable, "-c", NUMPY_SCRIPT, str(table), *numpy_files],
        "evselect list": filtered,
        "read columns, write rows": [*columns, str(share), f"{folder}/copy"],
    }
    if shutil.which("fitscopy"):
        condition = (
            f"PATTERN<=4 && (FLAG & {MASK})==0 && PI>=300 && PI<=10000 && CIRCLE({CENTRE},{CENTRE},{RADIUS},X,Y)"
        )
        found["fitscopy list"] = ["fitscopy", f"{table}[EVENTS][{condition}]", f"!{folder}/fitscopy.fits"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--directory", type=Path, help="where to write; a temporary directory by default")
    parser.add_argument("--only", default="", help="run only contenders whose name this regular expression finds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        folder = Path(name)
        table = folder / "events.fits"
        maker = multiprocessing.Process(target=simulate, args=(table, options.events))
        maker.start()  # apart, for a process begins with the peak memory of the one that starts it
        maker.join()
        print(f"{options.events:,} events, {table.stat().st_size / 2**20:,.0f} MiB, median of {options.repeat}")
        commands = {key: value for key, value in contenders(table, folder).items() if re.search(options.only, key)}
        runs: dict[str, list[Run]] = {key: [] for key in commands}
        for _ in range(options.repeat):
            for key, command in commands.items():
                runs[key].append(run(command))
                for product in set(folder.iterdir()) - {table}:
                    product.unlink()  # for each contender writes to pages that the one before it gave back
        report(runs, options.events)


def report(runs: dict[str, list[Run]], events: int) -> None:
    """Print times, memory and ratios."""
    seconds = {key: statistics.median(one.processor for one in values) for key, values in runs.items()}
    elapsed = {key: statistics.median(one.elapsed for one in values) for key, values in runs.items()}
    peaks = {key: max(one.memory for one in values) for key, values in runs.items()}
    for key, peak in peaks.items():
        rate = events / seconds[key] / 1e6
        print(f"{key:26} {elapsed[key]:7.2f} s  CPU {seconds[key]:6.2f} s {rate:6.1f} M events/s  peak {peak:5.0f} MiB")
    for key in [key for key in runs if key.startswith("evselect ")]:
        limit = "read columns, write rows" if key == "evselect list" else "read the columns"
        if limit in seconds:
            ratio = seconds[key] / seconds[limit]
            print(f"time of {key} / {limit}: {ratio:.2f} (goal {MOST_RATIO:.0f}: {_verdict(ratio <= MOST_RATIO)})")
        print(f"memory of {key}: {peaks[key]:.0f} MiB (goal {MOST_MEMORY}: {_verdict(peaks[key] <= MOST_MEMORY)})")
    for ours, other, goal in (
        ("evselect image+spectrum", "numpy image+spectrum", 1 / 3),
        ("evselect list", "fitscopy list", 1.0),
    ):
        if ours in seconds and other in seconds:
            speed = seconds[other] / seconds[ours]
            print(f"speed of {ours} / {other}: {speed:.2f} (goal {goal:.2f}: {_verdict(speed >= goal)})")


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


if __name__ == "__main__":
    main()
