# The dashboard and the command line, for compose.yaml. Built from the lock: every package is held to its digest.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY . .
RUN python tools/runtime_lock.py > /runtime.lock \
 && python tools/runtime_lock.py --backend > /backend.lock \
 && python -m venv /backend \
 && /backend/bin/pip install --quiet --require-hashes -r /backend.lock \
 && /backend/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheel . \
 && python -m venv /opt/tacgraph \
 && /opt/tacgraph/bin/pip install --quiet --require-hashes -r /runtime.lock \
 && /opt/tacgraph/bin/pip install --quiet --no-deps --no-index /wheel/*.whl \
 && /opt/tacgraph/bin/pip uninstall --quiet --yes pip setuptools

FROM python:${PYTHON}
# the user who owns the files of secrets on the host, or these cannot be read here
ARG TACGRAPH_UID=1000
RUN groupadd --gid "${TACGRAPH_UID}" tacgraph \
 && useradd --uid "${TACGRAPH_UID}" --gid "${TACGRAPH_UID}" --no-create-home --home-dir /data \
      --shell /usr/sbin/nologin tacgraph \
 && install --directory --mode 0700 --owner tacgraph --group tacgraph /data
COPY --from=build /opt/tacgraph /opt/tacgraph
ENV PATH=/opt/tacgraph/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TACGRAPH_HOME=/data HOME=/tmp
USER tacgraph
WORKDIR /data
VOLUME /data
# it listens on its own loopback alone: the web server of compose.yaml shares that, and nothing else reaches it
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8501, timeout=4); c.request('GET', '/_stcore/health'); raise SystemExit(c.getresponse().status >= 500)"]
ENTRYPOINT ["tacgraph"]
CMD ["dashboard", "--only-signed-in"]
