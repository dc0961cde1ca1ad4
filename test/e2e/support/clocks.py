"""Runs another program with other clocks.

    python3 clocks.py SECONDS_AHEAD TIMES_FASTER PROGRAM ARGUMENT…

Its date is so many seconds ahead, and its deadlines and sleeps are over so many times sooner. It must not know the program.
"""
import runpy
import sys
import time

ahead, faster = int(sys.argv[1]), int(sys.argv[2])
real_time_ns, real_monotonic, real_sleep = time.time_ns, time.monotonic, time.sleep
time.time_ns = lambda: real_time_ns() + ahead * 10**9
time.monotonic = lambda: real_monotonic() * faster
time.sleep = lambda seconds: real_sleep(seconds / faster)
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name='__main__')
