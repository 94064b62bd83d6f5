FROM python:3.11-slim-bookworm
WORKDIR /app
COPY requirements.lock pyproject.toml ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
# .assets is made by `make assets` before the build: scripts and fonts of the front-end packages.
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --create-home --uid 1000 yichuang
USER 1000
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
CMD ["yichuang", "serve"]
