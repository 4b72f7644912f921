# One image for API, workers, scheduler and dashboard; the command chooses. It runs as an unprivileged user, and writes only to
# /tmp, TMPDIR and INVENTORY_DATA_DIR, so the root file system may be read-only. It listens on all addresses, so the API does not
# start before there is a key (`docker run … inventory keys create NAME --scope admin`), unless INVENTORY_ACCESS says otherwise.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv --without-pip /opt/inventory
# A layer for the packages, which change seldom, and one for the source.
COPY requirements.txt ./
RUN pip --python /opt/inventory/bin/python install --no-compile --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY inventory inventory
COPY workers workers
# Compiled here, so that no start has to; with hashes instead of times, every build gives the same files.
RUN pip --python /opt/inventory/bin/python install --no-compile --no-deps --no-build-isolation . \
 && pip --python /opt/inventory/bin/python uninstall --yes setuptools \
 && /opt/inventory/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/inventory/lib

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="Inventory" \
      org.opencontainers.image.description="An HTTP metadata inventory: ask for a URL, get its headers, cookies and page source at once" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# This stage installs nothing, and the final image has no tool to install anything.
RUN pip uninstall --yes pip && rm -rf /usr/local/lib/python3*/ensurepip && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=build /opt/inventory /opt/inventory
WORKDIR /app
COPY wsgi.py gunicorn.conf.py ./
ENV PATH=/opt/inventory/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    INVENTORY_HOST=0.0.0.0 \
    INVENTORY_DATA_DIR=/data
USER 10001:10001
EXPOSE 8000
# Healthy means that the API runs, even while the store is away, because a restart would not help.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "-S", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('INVENTORY_PORT', '8000') + '/healthz', timeout=4)"]
CMD ["gunicorn", "wsgi:app"]
