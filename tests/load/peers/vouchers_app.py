"""Vouchers in Django: a row with what it may give and what was used of it, locked while it is redeemed, and a row for each use.
Run by `vouchers.py`, which names the PostgreSQL server, the database and the number of vouchers by variables: as a WSGI
application, and with `create`, `fill`, `count` or `drop` to do that with the database.
"""

import json
import os
import sys
import urllib.parse

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.http import HttpResponse
from django.urls import path

SERVER = urllib.parse.urlsplit(os.environ["VOUCHERS_SERVER"])
AMOUNT = 100
LIMIT = 1_000_000_000_000

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": SERVER.hostname,
                "PORT": SERVER.port or 5432,
                "USER": SERVER.username,
                "PASSWORD": SERVER.password or "",
                "NAME": os.environ["VOUCHERS_DATABASE"],
                # A connection stays with its thread.
                "CONN_MAX_AGE": None,
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        MIDDLEWARE=[],
        ROOT_URLCONF=__name__,
        SECRET_KEY="of a measurement",
    )
    django.setup()


class Voucher(models.Model):
    code = models.BigIntegerField(unique=True)
    limit = models.BigIntegerField()
    used = models.BigIntegerField(default=0)

    class Meta:
        app_label = "vouchers"


class Redemption(models.Model):
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT)
    request_id = models.UUIDField(unique=True)
    amount = models.BigIntegerField()
    redeemed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "vouchers"


@transaction.atomic
def redeem(_request, code, request_id):
    voucher = Voucher.objects.select_for_update().get(code=code)
    if voucher.used + AMOUNT > voucher.limit:
        return HttpResponse(status=409)
    voucher.used += AMOUNT
    voucher.save(update_fields=["used"])
    Redemption.objects.create(voucher=voucher, request_id=request_id, amount=AMOUNT)
    return HttpResponse()


urlpatterns = [path("redeem/<int:code>/<uuid:request_id>", redeem)]
application = get_wsgi_application()


def on_server(statement):
    """A statement on the database of the url, since the one of the run cannot be made or dropped from within."""
    import psycopg

    with psycopg.connect(os.environ["VOUCHERS_SERVER"], autocommit=True) as server:
        server.execute(f'{statement} DATABASE "{os.environ["VOUCHERS_DATABASE"]}"')


def fill():
    with connection.schema_editor() as editor:
        tables = connection.introspection.table_names()
        for model in (Redemption, Voucher):
            if model._meta.db_table in tables:
                editor.delete_model(model)
        for model in (Voucher, Redemption):
            editor.create_model(model)
    count = int(os.environ["VOUCHERS_COUNT"])
    Voucher.objects.bulk_create(Voucher(code=code, limit=LIMIT) for code in range(count))


def count():
    used = Voucher.objects.aggregate(used=models.Sum("used"))["used"]
    print(json.dumps({"redemptions": Redemption.objects.count(), "used": int(used) // AMOUNT}))


if __name__ == "__main__":
    commands = {
        "create": lambda: on_server("CREATE"),
        "fill": fill,
        "count": count,
        "drop": lambda: on_server("DROP"),
    }
    commands[sys.argv[1]]()
