# SPDX-License-Identifier: Apache-2.0
"""Fits schemathesis to the sandbox: which operations, with which identifiers, and which departures are accepted."""

import copy
import itertools
import json
import os
import pathlib
import re
import tomllib
import urllib.error
import urllib.request

import jsonschema
import schemathesis

URL = os.environ["SANDBOX_URL"]
KEY = os.environ["SANDBOX_KEY"]
DEPARTURES = tomllib.loads((pathlib.Path(__file__).parent / "departures.toml").read_text())
USED = pathlib.Path(os.environ["DEPARTURES_USED"])


def call(method, path, body=None):
    """One call to the sandbox, outside the test."""
    request = urllib.request.Request(
        URL + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


# --- The definition -------------------------------------------------------------------------------------------------


@schemathesis.hook
def before_load_schema(context, schema):
    """Keeps what the sandbox has, and writes down what the accepted departures say about replies."""
    known = {
        operation["operationId"]
        for path in call("GET", "/api/v2/swagger.json")["paths"].values()
        for operation in path.values()
    }
    found = set()
    paths = {}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] in known:
                found.add(operation["operationId"])
                # The spec has one path twice where an update names its parameter `model.id` instead of `model_id`.
                merged = paths.setdefault(re.sub(r"\{[^}]*\}", plain_name, path), {})
                merged[method] = rename_parameters(operation)
    assert found == known, f"the sandbox has operations that the definition lacks: {sorted(known - found)}"
    schema["paths"] = paths
    # The name in the definition is prose, not a header field.
    schema["securityDefinitions"] = {"BearerAuth": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    schema["security"] = [{"BearerAuth": []}]
    for departure in DEPARTURES["nullable"]:
        for definition, field in (place.split(".") for place in departure["fields"]):
            schema["definitions"][definition]["properties"][field]["x-nullable"] = True
    GENERATED.update(copy.deepcopy(schema["definitions"]))


GENERATED = {}


def plain_name(match):
    name = match.group(0).strip("{}").split(".")
    return "{" + (name[-1] if name[-1] != "id" else f"{name[0]}_id") + "}"


def rename_parameters(operation):
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["name"] = plain_name(re.match(".*", parameter["name"])).strip("{}")
    return operation


# --- Identifiers that exist -----------------------------------------------------------------------------------------

COUNTER = itertools.count()


def make_world():
    """One object of each kind, the deployment up."""
    number = next(COUNTER)
    project = call("POST", "/api/v2/projects", {"name": f"contract-{number}"})["id"]
    root = f"/api/v2/projects/{project}"
    experiment = call("POST", f"{root}/experiments", {"name": f"contract-{number}"})["id"]
    runs = f"{root}/experiments/{experiment}/runs"
    run = call("POST", runs, {})["id"]
    call("PATCH", f"{runs}/{run}", {"data": {"files": [{"path": "model", "is_dir": True}]}})
    registered = call(
        "POST",
        "/api/v2/registry/models",
        {
            "project_id": project,
            "experiment_id": experiment,
            "run_id": run,
            "model_path": "model",
            "model_name": f"contract-{number}",
        },
    )
    version = registered["model_versions"][0]["model_version_id"]
    body = {"name": f"contract-{number}", "registered_model_id": registered["model_id"]}
    model = call("POST", f"{root}/models", body)["id"]
    runtime = call("GET", "/api/v2/runtimes?page_size=1")["runtimes"][0]["image_identifier"]
    body = {"registered_model_version_id": version, "runtime_identifier": runtime}
    build = call("POST", f"{root}/models/{model}/builds", body)["id"]
    deployment = call("POST", f"{root}/models/{model}/builds/{build}/deployments", {})["id"]
    return {
        "project_id": project,
        "experiment_id": experiment,
        "run_id": run,
        "model_id": model,
        "registered_model_id": registered["model_id"],
        "registered_model_version_id": version,
        "version_id": version,
        "model_version_id": version,
        "model_path": "model",
        "build_id": build,
        "deployment_id": deployment,
        "runtime_identifier": runtime,
        "file_path": "predict.py",
        "function_name": "predict",
        "audience": "API",
    }


WORLD = {}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts identifiers that exist where generated ones would only ever meet 404.

    Three calls in four get them; what was generated to be wrong stays wrong.
    """
    if not WORLD:
        WORLD.update(make_world())
    number = next(COUNTER)
    if number % 4 == 0:
        return
    world = make_world() if case.operation.method.upper() == "DELETE" else WORLD
    world = dict(world)
    if "/registry/" in case.operation.path:
        world["model_id"] = world["registered_model_id"]
    components = case.meta.components if case.meta else {}
    wrong = {place.value for place, info in components.items() if info.mode.value == "negative"}
    if "path_parameters" not in wrong and case.path_parameters:
        for name in case.path_parameters:
            case.path_parameters[name] = world.get(name, case.path_parameters[name])
    if "body" not in wrong and isinstance(case.body, dict):
        fill(case.body, world, number)


# Strings in the definition, but 64-bit numbers to the server.
NUMBERS = {"accelerator_label_id", "step", "cpu_millicores", "memory_mb", "nvidia_gpus", "num_replicas", "file_size"}


def fill(body, world, number):
    """What the server needs, in a body that is right otherwise: identifiers, names, numbers that are strings."""
    for name, value in body.items():
        if isinstance(value, dict):
            fill(value, world, number)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    fill(item, world, number)
        elif isinstance(value, str) and world.get(name):
            body[name] = world[name]
        elif isinstance(value, str) and name in NUMBERS:
            body[name] = str(number)
        elif isinstance(value, (int, float)) and name in ("cpu", "memory", "nvidia_gpus", "replicas") and value < 0:
            body[name] = -value
        elif isinstance(value, str) and name in ("name", "model_name") and number % 8:
            body[name] = f"made-{number}"
    if "file_path" in body and number % 2:
        body.pop("registered_model_version_id", None)


@schemathesis.hook
def after_call(context, case, response):
    """Notes which operations were seen to succeed, so that a test that meets nothing but refusals is noticed."""
    if response.status_code == 200:
        operation = case.operation.definition.raw["operationId"]
        if operation not in SUCCEEDED:
            SUCCEEDED.add(operation)
            with pathlib.Path(os.environ["OPERATIONS_SUCCEEDED"]).open("a") as file:
                file.write(operation + "\n")


SUCCEEDED = set()


# --- Departures -----------------------------------------------------------------------------------------------------


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops a failure that is an accepted departure; keeps all others."""
    operation = case.operation.definition.raw["operationId"]
    for departure in DEPARTURES["departure"]:
        if departure["operations"] != ["*"] and operation not in departure["operations"]:
            continue
        if failure.code not in departure["codes"] or response.status_code != departure["status"]:
            continue
        if "message" in departure and not re.search(departure["message"], response.text):
            continue
        if "leniency" in departure and not is_lenient(case, departure["leniency"]):
            continue
        with USED.open("a") as used:
            used.write(departure["name"] + "\n")
        return False
    return True


def is_lenient(case, leniency):
    """Whether the body is right once the leniency is granted that proto3 JSON asks for."""
    body = next((p for p in case.operation.definition.raw["parameters"] if p["in"] == "body"), None)
    if body is None:
        return False
    if not isinstance(case.body, (dict, list, str, int, float, bytes, type(None))):
        # No body at all.
        return "no-body" in leniency
    if not isinstance(case.body, dict):
        return False
    schema = {**body["schema"], "definitions": GENERATED}
    return jsonschema.Draft4Validator(schema).is_valid(granted(case.body, body["schema"], leniency))


def granted(value, schema, leniency):
    """The value as the server understands it."""
    schema = resolve(schema)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {
            name: granted(item, properties.get(name, {}), leniency)
            for name, item in value.items()
            if not (item is None and "null-is-absent" in leniency)
            and not (name not in properties and properties and "unknown-fields" in leniency)
        }
    if isinstance(value, list):
        return [granted(item, schema.get("items", {}), leniency) for item in value]
    kind = schema.get("type")
    if "numbers-as-strings" in leniency:
        if kind in ("integer", "number") and isinstance(value, str):
            return number_or(value)
        if kind == "string" and schema.get("format") == "int64" and isinstance(value, (int, float)):
            return str(value)
        if kind == "integer" and isinstance(value, float) and value.is_integer():
            return int(value)
    if "enum-numbers" in leniency and "enum" in schema and isinstance(value, (int, float)):
        return schema["enum"][int(value)] if 0 <= value < len(schema["enum"]) else value
    return value


def resolve(schema):
    name = schema.get("$ref", "").rpartition("/")[2]
    return GENERATED.get(name, schema) if name else schema


def number_or(text):
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
