"""What the real Chat Completions API refuses with 400, as far as a client of ours could get it
wrong.

Source: the vendor's published API description and the answers of the live service (unanswered tool
calls, strict schemas).
"""

import re

KNOWN_FIELDS = {
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "temperature",
    "top_p",
    "n",
    "stop",
    "seed",
    "max_tokens",
    "max_completion_tokens",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "user",
    "metadata",
    "store",
    "reasoning_effort",
    "verbosity",
    "service_tier",
    "prompt_cache_key",
    "safety_identifier",
    "stream",
}
ROLES = {"developer", "system", "user", "assistant", "tool"}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MAX_TOOLS = 128
SCHEMA_KEYWORDS_REFUSED_WHEN_STRICT = {
    "allOf",
    "not",
    "oneOf",
    "if",
    "then",
    "else",
    "dependentRequired",
    "patternProperties",
}


class Refused(Exception):
    def __init__(self, message, param=None):
        super().__init__(message)
        self.param = param


def check_request(body):
    """Raises Refused with the sentence the API would answer."""
    if not isinstance(body, dict):
        raise Refused("We could not parse the JSON body of your request.")
    for field in body:
        if field not in KNOWN_FIELDS:
            raise Refused(f"Unrecognized request argument supplied: {field}", field)
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise Refused("you must provide a model parameter", "model")
    if body.get("stream"):
        raise Refused("This scripted model does not stream.", "stream")
    check_tools(body)
    check_messages(body.get("messages"))
    check_response_format(body)
    for field in ("max_tokens", "max_completion_tokens", "n"):
        value = body.get(field)
        if value is not None and (
            not isinstance(value, int) or isinstance(value, bool) or value < 1
        ):
            raise Refused(f"Invalid '{field}': expected an integer >= 1.", field)
    if "max_tokens" in body and "max_completion_tokens" in body:
        raise Refused(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "max_tokens",
        )
    temperature = body.get("temperature")
    if temperature is not None and not (
        isinstance(temperature, (int, float)) and 0 <= temperature <= 2
    ):
        raise Refused("Invalid 'temperature': expected a number from 0 to 2.", "temperature")


def check_tools(body):
    tools = body.get("tools")
    if tools is None:
        for field in ("tool_choice", "parallel_tool_calls"):
            if field in body:
                raise Refused(
                    f"Invalid value for '{field}': '{field}' is only allowed when 'tools' are specified.",
                    field,
                )
        return
    if not isinstance(tools, list) or not 1 <= len(tools) <= MAX_TOOLS:
        raise Refused(f"Invalid 'tools': expected an array of 1 to {MAX_TOOLS} tools.", "tools")
    for i, tool in enumerate(tools):
        where = f"tools[{i}]"
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            raise Refused(
                f"Invalid value for '{where}.type': expected 'function' with a 'function' object.",
                where,
            )
        if not isinstance(function.get("name"), str):
            raise Refused(
                f"Missing required parameter: '{where}.function.name'.", f"{where}.function.name"
            )
        if not NAME.fullmatch(function["name"]):
            raise Refused(
                f"Invalid '{where}.function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.",
                f"{where}.function.name",
            )
        parameters = function.get("parameters")
        if parameters is not None and (
            not isinstance(parameters, dict) or parameters.get("type") != "object"
        ):
            raise Refused(
                f"Invalid schema for function '{function['name']}': schema must be of 'type: \"object\"'.",
                f"{where}.function.parameters",
            )
        if function.get("strict"):
            check_strict_schema(parameters or {}, f"{where}.function.parameters")


def check_messages(messages):
    if not isinstance(messages, list) or not messages:
        raise Refused("Missing required parameter: 'messages'.", "messages")
    unanswered = []
    for i, message in enumerate(messages):
        where = f"messages[{i}]"
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ROLES:
            raise Refused(
                f"Invalid value: {role!r}. Supported values are: {sorted(ROLES)}.", f"{where}.role"
            )
        if role == "tool":
            if message.get("tool_call_id") not in unanswered:
                raise Refused(
                    "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
                    f"{where}.role",
                )
            unanswered.remove(message["tool_call_id"])
        elif unanswered:
            raise missing_answers(unanswered, where)
        check_content(message, where)
        unanswered += check_tool_calls(message, where)
    if unanswered:
        raise missing_answers(unanswered, f"messages[{len(messages)}]")


def missing_answers(ids, where):
    return Refused(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(ids)}",
        f"{where}.role",
    )


def check_content(message, where):
    content = message.get("content")
    if content is None:
        if message["role"] == "assistant" and (message.get("tool_calls") or message.get("refusal")):
            return
        raise Refused(
            "Invalid value for 'content': expected a string, got null.", f"{where}.content"
        )
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        raise Refused(
            "Invalid type for 'content': expected one of a string or array of objects.",
            f"{where}.content",
        )
    for part in content:
        if (
            not isinstance(part, dict)
            or part.get("type") != "text"
            or not isinstance(part.get("text"), str)
        ):
            raise Refused(
                "Invalid content part: expected {type: text, text: string}.", f"{where}.content"
            )


def check_tool_calls(message, where):
    """The ids of the calls in this message."""
    if "tool_calls" not in message:
        return []
    calls = message["tool_calls"]
    if message["role"] != "assistant" or not isinstance(calls, list) or not calls:
        raise Refused(
            f"Invalid '{where}.tool_calls': empty array. Expected an array with minimum length 1.",
            f"{where}.tool_calls",
        )
    for call in calls:
        function = call.get("function") if isinstance(call, dict) else None
        if (
            not isinstance(function, dict)
            or call.get("type") != "function"
            or not isinstance(call.get("id"), str)
        ):
            raise Refused(
                "Invalid tool call: expected {id, type: function, function}.", f"{where}.tool_calls"
            )
        if not isinstance(function.get("name"), str) or not isinstance(
            function.get("arguments"), str
        ):
            raise Refused(
                "Invalid tool call: 'name' and 'arguments' must be strings.", f"{where}.tool_calls"
            )
        if not NAME.fullmatch(function["name"]):
            raise Refused("Invalid tool call: bad function name.", f"{where}.tool_calls")
    return [call["id"] for call in calls]


def check_response_format(body):
    wanted = body.get("response_format")
    if wanted is None:
        return
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind not in ("text", "json_object", "json_schema"):
        raise Refused("Invalid value for 'response_format.type'.", "response_format.type")
    if kind == "json_object" and "json" not in str(body["messages"]).lower():
        raise Refused(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages",
        )
    if kind != "json_schema":
        return
    named = wanted.get("json_schema")
    if (
        not isinstance(named, dict)
        or not isinstance(named.get("name"), str)
        or not NAME.fullmatch(named["name"])
    ):
        raise Refused(
            "Missing required parameter: 'response_format.json_schema.name'.",
            "response_format.json_schema.name",
        )
    if not isinstance(named.get("schema"), dict):
        raise Refused(
            "Missing required parameter: 'response_format.json_schema.schema'.",
            "response_format.json_schema.schema",
        )
    if named.get("strict"):
        check_strict_schema(named["schema"], "response_format.json_schema.schema", root=True)


def check_strict_schema(schema, where, root=False):
    """Structured outputs take a subset: every property required, additionalProperties false, no
    free composition.
    """
    if not isinstance(schema, dict):
        raise Refused(f"Invalid schema at {where}: expected an object.", where)
    if root and schema.get("type") != "object":
        raise Refused(
            f"Invalid schema at {where}: schema must be a JSON Schema of 'type: \"object\"'.", where
        )
    for keyword in SCHEMA_KEYWORDS_REFUSED_WHEN_STRICT & schema.keys():
        raise Refused(f"Invalid schema at {where}: '{keyword}' is not permitted.", where)
    kind = schema.get("type")
    if "type" not in schema and not {"$ref", "anyOf", "enum", "const"} & schema.keys():
        raise Refused(f"Invalid schema at {where}: schema must have a 'type' key.", where)
    if kind == "object" or (isinstance(kind, list) and "object" in kind):
        if schema.get("additionalProperties") is not False:
            raise Refused(
                f"Invalid schema at {where}: 'additionalProperties' is required to be supplied and to be false.",
                where,
            )
        properties = schema.get("properties", {})
        if set(schema.get("required", [])) != set(properties):
            raise Refused(
                f"Invalid schema at {where}: 'required' is required to be supplied and to be an array including every key in properties.",
                where,
            )
        for name, child in properties.items():
            check_strict_schema(child, f"{where}.{name}")
    if "items" in schema:
        check_strict_schema(schema["items"], f"{where}.items")
    for i, child in enumerate(schema.get("anyOf", [])):
        check_strict_schema(child, f"{where}.anyOf[{i}]")
