# One image for API, workers, scheduler and dashboard; the command chooses. It has Python, its packages and the libraries
# that these load: no shell, and no tool to install anything. It runs as an unprivileged user, and writes only to /tmp, TMPDIR and
# INVENTORY_DATA_DIR, so the root file system may be read-only. It listens on all addresses, so the API does not start before
# there is a key (`docker run … inventory keys create NAME --scope admin`), unless INVENTORY_ACCESS says otherwise.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv --without-pip /opt/inventory
COPY requirements.txt ./
RUN pip --python /opt/inventory/bin/python install --no-compile --require-hashes -r requirements.txt

FROM packages AS system
COPY tools/image_root.py ./
RUN pip --python /opt/inventory/bin/python uninstall --yes setuptools && python image_root.py /image

FROM packages AS source
COPY pyproject.toml README.md LICENSE ./
COPY inventory inventory
COPY workers workers
# Compiled here, so that no start has to; with hashes instead of times, every build gives the same files.
RUN pip --python /opt/inventory/bin/python install --no-compile --no-deps --no-build-isolation --prefix /source . \
 && python -m compileall -q -s /source -p /opt/inventory --invalidation-mode unchecked-hash /source

FROM scratch
LABEL org.opencontainers.image.title="Inventory" \
      org.opencontainers.image.description="An HTTP metadata inventory: ask for a URL, get its headers, cookies and page source at once" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# A layer for what changes seldom, and small ones for the source: an update fetches only these.
COPY --from=system /image /
COPY --from=source /source /opt/inventory
WORKDIR /app
COPY wsgi.py gunicorn.conf.py ./
ENV PATH=/opt/inventory/bin:/usr/local/bin \
    HOME=/tmp \
    LANG=C.UTF-8 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
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
