"""What Streamlit runs where browsers come over https: the same router, its cookies marked `Secure`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboards.secure_cookies import SecureCookies

app = st.App(Path(__file__).with_name("run.py"), middleware=[Middleware(SecureCookies)])
