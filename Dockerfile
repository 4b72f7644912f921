# One image for API, worker, scheduler and dashboard; the command chooses. It runs as nobody in particular, writes nothing
# but /tmp and INVENTORY_DATA_DIR, and so also works with a read-only root file system.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv --without-pip /opt/inventory
# The packages change seldom and the source often: a layer each.
COPY requirements.txt ./
RUN pip --python /opt/inventory/bin/python install --no-compile --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY inventory inventory
COPY workers workers
# What is compiled here needs no compiling at each start, and hashes instead of times make it the same in each build.
RUN pip --python /opt/inventory/bin/python install --no-compile --no-deps --no-build-isolation . \
 && pip --python /opt/inventory/bin/python uninstall --yes setuptools \
 && /opt/inventory/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/inventory/lib

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="Inventory" \
      org.opencontainers.image.description="An HTTP metadata inventory: ask for a URL, get its headers, cookies and page source at once" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# Nothing is installed in this stage, and nothing can be installed in what comes of it.
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
# Whether the API lives; it stays healthy while a store is away, because a restart would not help.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "-S", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('INVENTORY_PORT', '8000') + '/healthz', timeout=4)"]
CMD ["gunicorn", "wsgi:app"]
