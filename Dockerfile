# One image for servers (the default) and processors (python -m services.events).
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/pulseboard

COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

COPY . .
RUN python -m compileall -q . \
    && useradd --system --user-group --no-create-home --shell /usr/sbin/nologin pulseboard \
    && install --directory --owner=pulseboard --group=pulseboard var
USER pulseboard

EXPOSE 8050
CMD ["python", "app.py"]
