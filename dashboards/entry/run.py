"""What Streamlit runs: the router. In a folder of its own, see docs/decisions/dashboard.md.

Streamlit takes a folder `pages` beside its script for pages of another kind until the first navigation, and
puts the script's folder on the import path; neither is wanted.
"""

from dashboards.app import main

main()
