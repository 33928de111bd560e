# The server in a container: docs/guides/serving.md.
FROM python:3.12-slim
RUN useradd --create-home hiervox
USER hiervox
WORKDIR /home/hiervox
COPY --chown=hiervox . tree
RUN python -m venv .venv
RUN .venv/bin/python -m pip install --no-cache-dir "./tree[serve]"
RUN rm -r tree
ENV PATH="/home/hiervox/.venv/bin:$PATH"
EXPOSE 8880
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8880/health')"]
CMD ["hiervox", "serve", "--host", "0.0.0.0", "--port", "8880", "--key-file", "/run/secrets/keys"]
