"""The conversation of record_requests.cc, had with the official Python client of a provider:
`python sdk_conversation.py WHO URL`. Everything is said as that client's own documentation does.
The questions for a verdict of providers that know no schema: `... WHO URL ladder`.
"""

import json
import sys

LIST = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "description": "Kind of the objects."},
        "namespace": {"type": ["string", "null"], "description": "Namespace; null for all."},
    },
    "required": ["kind", "namespace"],
    "additionalProperties": False,
}
NOTHING = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
VERDICT = {
    "type": "object",
    "properties": {
        "rationale": {"type": "string"},
        "verdict": {"type": "string", "enum": ["pass", "fail", "unknown"]},
    },
    "required": ["rationale", "verdict"],
    "additionalProperties": False,
}
TOOLS = [
    ("kubernetes_list", "Lists objects of one kind.", LIST),
    ("kubernetes_version", "Tells the version.", NOTHING),
]
SUBMIT = ("submit_verdict", "Takes the answer.", VERDICT)
ASKED = "Are all pods healthy?"
FINDINGS = "Findings: 3 of 3 pods are ready."
LIMIT = 2000


def answer(name):
    return f"answer of {name}"


def in_words(tool=""):
    """The question for a verdict that tells the schema."""
    way = f"Answer by calling {tool}, or" if tool else "Answer"
    schema = json.dumps(VERDICT, separators=(",", ":"))
    return f"{FINDINGS}\n\n{way} with nothing but one JSON object of this JSON Schema:\n{schema}"


def chat_ladder(client, model, compatible=False, **more):
    def ask(words, **form):
        messages = [{"role": "system", "content": "Judge."}, {"role": "user", "content": words}]
        client.chat.completions.create(
            model=model, messages=messages, max_completion_tokens=LIMIT, **form, **more
        )

    name, description, parameters = SUBMIT
    function = {"name": name, "description": description, "parameters": parameters, "strict": True}
    ask(
        in_words(name),
        tools=[{"type": "function", "function": function}],
        tool_choice={"type": "function", "function": {"name": name}},
    )
    ask(in_words(), response_format={"type": "json_object"})
    ask(in_words())


def chat(client, model, compatible=False, **more):
    """openai: OpenAI and AzureOpenAI. Compatible servers want no strict tool without arguments, and
    must be told that calls may come at once."""
    tools = []
    for name, description, parameters in TOOLS:
        function = {"name": name, "description": description, "parameters": parameters}
        if not compatible or parameters["properties"]:
            function["strict"] = True
        tools.append({"type": "function", "function": function})
    if compatible:
        more["parallel_tool_calls"] = True
    messages = [{"role": "system", "content": "Be exact."}, {"role": "user", "content": ASKED}]
    ask = client.chat.completions.create
    said = ask(
        model=model, messages=messages, tools=tools, max_completion_tokens=LIMIT, **more
    ).choices[0].message
    messages.append(said)
    for call in said.tool_calls:
        messages.append(
            {"role": "tool", "tool_call_id": call.id, "content": answer(call.function.name)}
        )
    said = ask(
        model=model, messages=messages, tools=tools, max_completion_tokens=LIMIT, **more
    ).choices[0].message
    more.pop("parallel_tool_calls", None)
    ask(
        model=model,
        messages=[
            {"role": "system", "content": "Judge."},
            {"role": "user", "content": f"Findings: {said.content}"},
        ],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "verdict", "strict": True, "schema": VERDICT},
        },
        max_completion_tokens=LIMIT,
        **more,
    )


def openai(url, talk=chat):
    import openai

    client = openai.OpenAI(api_key="k", base_url=url, max_retries=0)
    talk(client, "gpt-x", compatible=True)


def vllm(url, talk=chat):
    import openai

    client = openai.OpenAI(api_key="k", base_url=url, max_retries=0)
    talk(client, "Qwen/Qwen3", compatible=True)


def openrouter(url, talk=chat):
    import openai

    client = openai.OpenAI(api_key="k", base_url=url, max_retries=0)
    talk(client, "a/b", extra_body={"provider": {"require_parameters": True}})


def azure(url, talk=chat):
    import openai

    client = openai.AzureOpenAI(
        api_key="k", azure_endpoint=url, api_version="2024-10-21", max_retries=0
    )
    talk(client, "my-deployment")


MARK = {"type": "ephemeral"}  # Anthropic's


def marked_text(words):
    return {"type": "text", "text": words, "cache_control": MARK}


def messages_ladder(client):
    def ask(words, **form):
        client.messages.create(
            system=[marked_text("Judge.")],
            messages=[{"role": "user", "content": [marked_text(words)]}],
            model="claude-x",
            max_tokens=LIMIT,
            **form,
        )

    name, description, parameters = SUBMIT
    ask(
        in_words(name),
        tools=[{"name": name, "description": description, "input_schema": parameters}],
        tool_choice={"type": "tool", "name": name},
    )
    ask(in_words())


def messages(client):
    mark = MARK
    text = marked_text
    tools = [{"name": n, "description": d, "input_schema": p} for n, d, p in TOOLS]

    def system(words):
        return [text(words)]

    messages = [{"role": "user", "content": [text(ASKED)]}]
    same = {"model": "claude-x", "max_tokens": LIMIT}
    said = client.messages.create(
        system=system("Be exact."), messages=messages, tools=tools, **same
    )
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": answer(block.name)}
        for block in said.content
        if block.type == "tool_use"
    ]
    results[-1]["cache_control"] = mark
    del messages[0]["content"][0]["cache_control"]
    messages += [
        {"role": "assistant", "content": said.content},
        {"role": "user", "content": results},
    ]
    said = client.messages.create(
        system=system("Be exact."), messages=messages, tools=tools, **same
    )
    client.messages.create(
        system=system("Judge."),
        messages=[{"role": "user", "content": [text(f"Findings: {said.content[0].text}")]}],
        output_config={"format": {"type": "json_schema", "schema": VERDICT}},
        **same,
    )


def anthropic(url, talk=messages):
    import anthropic

    talk(anthropic.Anthropic(api_key="k", base_url=url, max_retries=0))


def generate_ladder(client):
    from google.genai import types

    def ask(words, **form):
        client.models.generate_content(
            model="gemini-x",
            contents=[types.Content(role="user", parts=[types.Part(text=words)])],
            config=types.GenerateContentConfig(
                system_instruction="Judge.", max_output_tokens=LIMIT, **form
            ),
        )

    name, description, parameters = SUBMIT
    function = types.FunctionDeclaration(
        name=name, description=description, parameters_json_schema=parameters
    )
    calling = types.FunctionCallingConfig(mode="ANY", allowed_function_names=[name])
    ask(
        in_words(name),
        tools=[types.Tool(function_declarations=[function])],
        tool_config=types.ToolConfig(function_calling_config=calling),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    ask(in_words(), response_mime_type="application/json")
    ask(in_words())


def generate(client):
    from google.genai import types

    functions = [
        types.FunctionDeclaration(
            name=name,
            description=description,
            parameters_json_schema=parameters if parameters["properties"] else None,
        )
        for name, description, parameters in TOOLS
    ]
    config = types.GenerateContentConfig(
        system_instruction="Be exact.",
        tools=[types.Tool(function_declarations=functions)],
        max_output_tokens=LIMIT,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    contents = [types.Content(role="user", parts=[types.Part(text=ASKED)])]
    said = client.models.generate_content(model="gemini-x", contents=contents, config=config)
    results = [
        types.Part(
            function_response=types.FunctionResponse(
                id=call.id, name=call.name, response={"output": answer(call.name)}
            )
        )
        for call in said.function_calls
    ]
    contents += [said.candidates[0].content, types.Content(role="user", parts=results)]
    said = client.models.generate_content(model="gemini-x", contents=contents, config=config)
    client.models.generate_content(
        model="gemini-x",
        contents=[types.Content(role="user", parts=[types.Part(text=f"Findings: {said.text}")])],
        config=types.GenerateContentConfig(
            system_instruction="Judge.",
            max_output_tokens=LIMIT,
            response_mime_type="application/json",
            response_json_schema=VERDICT,
        ),
    )


def gemini(url, talk=generate):
    from google import genai

    options = genai.types.HttpOptions(base_url=url, api_version="v1beta")
    talk(genai.Client(api_key="k", http_options=options))


def vertex(url, talk=generate):
    from google import genai
    from google.oauth2.credentials import Credentials

    talk(
        genai.Client(
            vertexai=True,
            project="p-1",
            location="europe-west4",
            credentials=Credentials(token="t"),
            http_options=genai.types.HttpOptions(base_url=url, api_version="v1"),
        )
    )


CLAUDE = "us.anthropic.claude-x-v1:0"


def converse_ladder(client):
    point = {"cachePoint": {"type": "default"}}

    def ask(words, **form):
        client.converse(
            modelId=CLAUDE,
            system=[{"text": "Judge."}, point],
            messages=[{"role": "user", "content": [{"text": words}, point]}],
            inferenceConfig={"maxTokens": LIMIT},
            **form,
        )

    name, description, parameters = SUBMIT
    tool = {"name": name, "description": description, "inputSchema": {"json": parameters}}
    choice = {"tool": {"name": name}}
    ask(in_words(name), toolConfig={"tools": [{"toolSpec": tool}], "toolChoice": choice})
    ask(in_words())


def converse(client):
    point = {"cachePoint": {"type": "default"}}
    tools = [
        {"toolSpec": {"name": n, "description": d, "inputSchema": {"json": p}}} for n, d, p in TOOLS
    ]
    messages = [{"role": "user", "content": [{"text": ASKED}, point]}]
    same = {"modelId": CLAUDE, "inferenceConfig": {"maxTokens": LIMIT}}
    said = client.converse(
        system=[{"text": "Be exact."}, point],
        messages=messages,
        toolConfig={"tools": tools},
        **same,
    )["output"]["message"]
    results = [
        {
            "toolResult": {
                "toolUseId": block["toolUse"]["toolUseId"],
                "content": [{"text": answer(block["toolUse"]["name"])}],
            }
        }
        for block in said["content"]
        if "toolUse" in block
    ]
    messages[0]["content"].remove(point)
    messages += [said, {"role": "user", "content": results + [point]}]
    said = client.converse(
        system=[{"text": "Be exact."}, point],
        messages=messages,
        toolConfig={"tools": tools},
        **same,
    )["output"]["message"]
    schema = {"name": "verdict", "schema": json.dumps(VERDICT)}
    client.converse(
        system=[{"text": "Judge."}, point],
        messages=[
            {"role": "user", "content": [{"text": f"Findings: {said['content'][0]['text']}"}, point]}
        ],
        outputConfig={"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}},
        **same,
    )


def bedrock(url, talk=converse):
    import boto3

    talk(
        boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
            aws_session_token="session",
        )
    )


def bedrock_bearer(url, talk=converse):
    """botocore sends tokens over HTTPS only."""
    import boto3

    client = boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=url.replace("http:", "https:")
    )

    def plain(request, **_):
        request.url = request.url.replace("https:", "http:")

    client.meta.events.register("before-send.bedrock-runtime.Converse", plain)
    talk(client)


OLLAMA_OPTIONS = {"num_ctx": 32768, "num_predict": LIMIT}


def ollama_ladder(client):
    def ask(**form):
        client.chat(
            model="llama-x",
            messages=[
                {"role": "system", "content": "Judge."}, {"role": "user", "content": in_words()}
            ],
            options=OLLAMA_OPTIONS,
            **form,
        )

    ask(format="json")
    ask()


def ollama_chat(client):
    tools = [
        {"type": "function", "function": {"name": n, "description": d, "parameters": p}}
        for n, d, p in TOOLS
    ]
    messages = [{"role": "system", "content": "Be exact."}, {"role": "user", "content": ASKED}]
    options = OLLAMA_OPTIONS
    said = client.chat(model="llama-x", messages=messages, tools=tools, options=options).message
    messages.append(said)
    for call in said.tool_calls:
        messages.append(
            {
                "role": "tool",
                "tool_name": call.function.name,
                "content": answer(call.function.name),
            }
        )
    said = client.chat(model="llama-x", messages=messages, tools=tools, options=options).message
    client.chat(
        model="llama-x",
        messages=[
            {"role": "system", "content": "Judge."},
            {"role": "user", "content": f"Findings: {said.content}"},
        ],
        format=VERDICT,
        options=options,
    )


def ollama(url, talk=ollama_chat):
    import ollama

    talk(ollama.Client(host=url))


LADDERS = {
    chat: chat_ladder,
    messages: messages_ladder,
    generate: generate_ladder,
    converse: converse_ladder,
    ollama_chat: ollama_ladder,
}


if __name__ == "__main__":
    who, url, *ladder = sys.argv[1:]
    have = globals()[who]
    have(url, LADDERS[have.__defaults__[0]]) if ladder else have(url)
    print("done")
