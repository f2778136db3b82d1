#!/usr/bin/env bash
# The main job, end to end, on the embedded engine: a made-up authority, loaded, asked, reported, served.
set -euo pipefail
unset NEO4J_URI
export TACGRAPH_HOME="${TACGRAPH_HOME:-.tacgraph}"
tacgraph=.venv/bin/tacgraph
month="${MONTH:-2026-10}"
last_day=$(date -d "$month-01 +1 month -1 day" +%F)

if [ -d "$TACGRAPH_HOME/engine" ] && [ ! -e "$TACGRAPH_HOME/demo" ]; then
  echo "$TACGRAPH_HOME holds data that are not the demo's. Run: TACGRAPH_HOME=demo/home make demo" >&2
  exit 1
fi
mkdir -p "$TACGRAPH_HOME" demo
chmod 700 "$TACGRAPH_HOME"
touch "$TACGRAPH_HOME/demo"

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

step "1  A made-up authority with ${CHILDREN:-62500} children"
$tacgraph example demo/partnership --children "${CHILDREN:-62500}" --seed 1
step "2  From files to the graph"
$tacgraph load demo/partnership --replace
step "3  Who is overloaded on $last_day?"
$tacgraph query overloaded_leads --as-of "$last_day" --rows 8
step "4  What is done twice?"
$tacgraph query duplicate_services --as-of "$last_day" --rows 5
step "5  Is it fair?"
$tacgraph fairness --as-of "$last_day"
step "6  What could be moved?"
$tacgraph advise --as-of "$last_day" --max-moves 10
step "7  The monthly workload report"
$tacgraph report --month "$month" --out demo/report
if [ "${SERVE:-yes}" = no ]; then
  echo
  echo "Done. The dashboard: make demo, or $tacgraph dashboard"
  exit 0
fi
step "8  The dashboard, on http://127.0.0.1:8501 (Ctrl+C ends it)"
exec $tacgraph dashboard --as-of "$last_day"
