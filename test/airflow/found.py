"""What Airflow returned, as JSON that keeps each value's Python type: no reader of it shall round a number."""

FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra_dejson")


def typed(value):
    if value is None:
        return None
    if isinstance(value, dict):
        return {"dict": {key: typed(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"list": [typed(item) for item in value]}
    return {type(value).__name__: repr(value) if type(value) in (int, float) else value}


def fields(connection):
    return {field: typed(getattr(connection, field)) for field in FIELDS}


def attempt(ask, name, show):
    """`null` for nothing, {"error": <class of the exception>}, or what was found."""
    try:
        found = ask(name)
        return None if found is None else show(found)
    except Exception as error:
        return {"error": type(error).__name__}
