#!/bin/sh
# Runs one job on a node of the cluster. Arguments: the Python to use, the directory of its packages, and the job's work
# directory or, for an array, a file that has one work directory a line.
set -u
workdir=$3
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
    workdir=$(sed -n "${SLURM_ARRAY_TASK_ID}p" -- "$3")
fi
# The codes are told in words by uws.executors.slurm.verdict.
[ -n "$workdir" ] && [ -d "$workdir" ] || exit 66
cd -- "$2" || exit 67
[ -x "$1" ] || exit 68
exec "$1" -E -s -S -m uws.runner "$workdir" >>"$workdir/runner.txt" 2>&1
