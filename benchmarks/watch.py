"""What watching the machine costs, and whether it finds what a process really computed.

- cost: processor time of one look, on this machine and on made-up ones of more cores (the files
  of their sensors laid out in a temporary folder);
- accuracy: a child computes for a time that it knows by its own clock; the watch must find it.

Run: python benchmarks/watch.py
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sprat.measure.processor import machine_time
from sprat.measure.watch import Watch

LOOKS = 2000
CORES = (8, 32, 128)
BURN_S = 2.0
BURN = f"import time\nwhile time.process_time() < {BURN_S}: pass\nprint(time.process_time())"


def lay_out(root: Path, cores: int) -> None:
    """The sensors of a laptop or server with so many cores."""
    chip = root / "sys/class/hwmon/hwmon0"
    files = {
        chip / "name": "coretemp",
        root / "sys/class/power_supply/AC/type": "Mains",
        root / "sys/class/power_supply/AC/online": "1",
    }
    for core in range(cores):
        files[root / f"sys/devices/system/cpu/cpu{core}/cpufreq/scaling_cur_freq"] = "3000000"
        files[chip / f"temp{core + 1}_input"] = "50000"
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")


def look_us(root: Path) -> float:
    """Microseconds of processor time of one look."""
    watch = Watch(root=root)
    began = time.process_time()
    for _ in range(LOOKS):
        watch.look()
    return (time.process_time() - began) / LOOKS * 1e6


def main() -> None:
    print("a look at                   µs   of one core at one a second")
    rows = [("this machine", look_us(Path("/")))]
    for cores in CORES:
        with tempfile.TemporaryDirectory() as folder:
            lay_out(Path(folder), cores)
            rows.append((f"made-up, {cores} cores", look_us(Path(folder))))
    for name, cost in rows:
        print(f"{name:<22} {cost:>7.0f}   {cost / 1e6:.3%}")
    before = machine_time()
    with Watch() as watch:
        done = subprocess.run(
            [sys.executable, "-c", BURN], capture_output=True, text=True, check=True
        )
    seen = watch.readings
    machine_s = machine_time().total_s - before.total_s
    found_s = (seen.own_share or 0.0) * machine_s if seen else 0.0
    print(f"\na child computed {float(done.stdout):.2f} s by its own clock; found {found_s:.2f} s")
    print(f"meanwhile: {'; '.join(watch.drift()) or 'nothing that spoils times'}")


if __name__ == "__main__":
    main()
