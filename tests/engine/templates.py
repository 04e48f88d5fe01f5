"""Chat templates written for the tests, each with the features of a family of real ones, and
conversations that reach all of their branches."""

from typing import Any

THINKING = """\
{%- set seen = namespace(question=-1, open=true) %}
{%- for turn in messages[::-1] if turn.role == 'user' %}
    {%- if seen.open and not turn.content.startswith('<tool_') %}
        {%- set seen.open = false %}
        {%- set seen.question = messages.index(turn) %}
    {%- endif %}
{%- endfor %}
{%- if tools %}
    {{- '<|im_start|>system\\nFunctions:' }}
    {%- for tool in tools %}
        {{- '\\n' }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for turn in messages %}
    {{- '<|im_start|>' + ('user' if turn.role == 'tool' else turn.role) + '\\n' }}
    {%- set said = turn.content if turn.content is string else '' %}
    {%- set thought = turn.reasoning_content or '' %}
    {%- if '</think>' in said %}
        {%- set thought = said.split('</think>')[0].rstrip('\\n').split('<think>')[-1] %}
        {%- set thought = thought.lstrip('\\n') %}
        {%- set said = said.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {%- if thought and loop.index0 > seen.question %}
        {{- '<think>\\n' ~ thought.strip('\\n') ~ '\\n</think>\\n\\n' }}
    {%- endif %}
    {{- said }}
    {%- for call in turn.tool_calls or [] %}
        {%- if call.function %}
            {%- set call = call.function %}
        {%- endif %}
        {{- '\\n<tool_call>' ~ call.name ~ ': ' }}
        {{- call.arguments if call.arguments is string else call.arguments | tojson }}
        {{- '</tool_call>' }}
    {%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""

HEADERS = """\
{#- The date may be given, or is today's. #}
{%- if date_string is not defined %}
    {%- set date_string = strftime_now("%d %b %Y") if strftime_now is defined else "long ago" %}
{%- endif %}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if tools_in_user_message is undefined %}
    {%- set tools_in_user_message = false %}
{%- endif %}
{{- bos_token }}{{ "[system]" + date_string }}
{%- set rest = messages %}
{%- if messages[0]['role'] == 'system' %}
    {{- "\\n" + messages[0]['content'] | trim }}
    {%- set rest = messages[1:] %}
{%- endif %}
{%- if tools is not none and not tools_in_user_message %}
    {{- "\\nipython" }}
    {%- for each in tools %}
        {{- each | tojson(indent=4) }}
    {%- endfor %}
{%- endif %}
{{- eos_token }}
{%- for turn in rest %}
    {%- if 'tool_calls' in turn and turn.tool_calls | length > 1 %}
        {{- raise_exception("This model makes one call at a time") }}
    {%- elif 'tool_calls' in turn %}
        {{- '{"name": "' + turn.tool_calls[0].function.name + '", "parameters": ' }}
        {{- turn.tool_calls[0].function.arguments | tojson(sort_keys=true) }}
        {{- "}" + eos_token }}
    {%- elif turn.content is not string and turn.content is iterable %}
        {{- turn.content | tojson }}
    {%- else %}
        {{- "[" + turn['role'] + "]" + turn['content'] | trim + eos_token }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '[assistant]' }}
{%- endif %}
"""

ALTERNATING = """\
{{ bos_token }}
{%- set first = messages[0].content if messages[0]['role'] == 'system' else '' -%}
{%- set turns = messages[1:] if first else messages -%}
{%- for turn in turns -%}
    {%- if (turn['role'] == 'user') == (loop.index0 % 2 == 1) -%}
        {{ raise_exception("user and model must take turns") }}
    {%- endif -%}
    {{ '<start_of_turn>' + {'assistant': 'model'}.get(turn['role'], turn['role']) + '
' + (first + '

' if first and loop.first else "") }}
    {%- if turn['content'] is string -%}
        {{ turn['content'] | trim }}
    {%- else -%}
        {%- for part in turn['content'] if part['type'] == 'text' -%}
            {{ part['text'] | trim }}
        {%- endfor -%}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model
'}}
{%- endif -%}
"""

INSTRUCTING = """\
{%- set questions = messages | selectattr("role", "equalto", "user") | list %}
{%- set counted = namespace() %}
{%- set counted.calls = 0 %}
{{- bos_token }}
{%- for turn in messages %}
    {%- if turn["role"] == "user" %}
        {%- if tools is not none and turn == questions[-1] %}
            {{- "[AVAILABLE_TOOLS] " }}
            {%- for key, value in tools[0].function.items() if key != "return" %}
                {{- key ~ "=" ~ (value if value is string else value | tojson) }}
                {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
        {%- endif %}
        {{- "[INST] " + turn["content"] + "[/INST]" }}
    {%- elif turn.tool_calls is defined and turn.tool_calls is not none %}
        {%- for call in turn.tool_calls %}
            {%- set counted.calls = counted.calls + 1 %}
            {{- "[TOOL_CALLS] " + (call.function | tojson)[:-1] }}
            {{- ', "id": "' + (call.id | default("000", true)) + '"}' + eos_token }}
        {%- endfor %}
    {%- elif turn["role"] == "tool" %}
        {{- '{"content": ' + turn.content | string + ', "of": ' ~ counted.calls ~ '}' }}
    {%- elif turn["role"] == "assistant" %}
        {{- " " + turn["content"] | trim + eos_token }}
    {%- else %}
        {{- raise_exception("There is no role " + turn["role"]) }}
    {%- endif %}
{%- endfor %}
"""

GENERATING = """\
{# ---- what was not given ---- #}
{%- if enable_thinking is not defined -%}
    {%- set enable_thinking = true -%}
{%- endif -%}
{%- set mode = "/think" if enable_thinking else "/no_think" -%}
{%- if messages[0].role == "system" and mode not in messages[0].content -%}
    {%- set wishes = messages[0].content.replace("/no_think", "").rstrip() -%}
{%- endif -%}
{{- "<|im_start|>system\\n" -}}
Today: {{ strftime_now("%d %B %Y") ~ "\\n" -}}
Mode: {{ mode + "\\n\\n" -}}
{%- if wishes %}{{ wishes + "\\n\\n" }}{% endif -%}
{%- if xml_tools or tools -%}
    {%- set written = namespace(text="<tools>\\n") -%}
    {%- for tool in (xml_tools or tools)[:] -%}
        {%- set written.text = written.text ~ (tool | string) ~ "\\n" -%}
    {%- endfor -%}
    {{ written.text + "</tools>" }}
{%- endif -%}
{{ "<|im_end|>\\n" }}
{%- for turn in messages -%}
    {%- set said = turn.content if turn.content is string else "" -%}
    {%- if turn.role == "assistant" -%}
        {% generation %}
        {%- set empty = "" if enable_thinking else "<think>\\n\\n</think>\\n" -%}
        {{ "<|im_start|>assistant\\n" + empty + said.lstrip("\\n") + "<|im_end|>\\n" }}
        {% endgeneration %}
    {%- else -%}
    {{ "<|im_start|>" + turn.role + "\\n"  + said + "<|im_end|>\\n" }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{ "<|im_start|>assistant\\n" }}
{%- endif -%}
"""

KEEPING = """\
{{- bos_token -}}
{%- set keep = preserve_thinking | default(false) -%}
{%- set last = namespace(user=-1, head="") -%}
{%- for tool in tools or [] -%}
    {%- if tool is not string -%}
        {%- set tool = tool | tojson -%}
    {%- endif -%}
    {%- set last.head = last.head + (", " if last.head else "<|tool_list_start|>") + tool -%}
{%- endfor -%}
{{- last.head -}}
{%- for turn in messages -%}
    {%- if turn.role == "user" -%}{%- set last.user = loop.index0 -%}{%- endif -%}
{%- endfor -%}
{%- for turn in messages -%}
    {%- if loop.index0 > 3 -%}{%- break -%}{%- endif -%}
    {%- if turn.role == "system" -%}{%- continue -%}{%- endif -%}
    {{- "<|im_start|>" + turn["role"] + "\\n" -}}
    {%- if turn.thinking is defined and (keep or loop.index0 > last.user) -%}
        {{- "<think>" + turn.thinking + "</think>" -}}
    {%- endif -%}
    {%- set said = turn["content"] -%}
    {%- if said is not string -%}
        {%- set said = said | tojson -%}
    {%- elif turn["role"] == "assistant" and not keep and "</think>" in said -%}
        {%- set said = said.split("</think>")[-1] | trim -%}
    {%- endif -%}
    {{- said + "<|im_end|>\\n" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- "<|im_start|>assistant\\n" -}}
{%- endif -%}
"""

TYPING = """\
{%- macro kind(spec) -%}
    {%- if spec.type == "array" -%}
        {{- kind(spec['items']) + "[]" -}}
    {%- elif spec.enum is defined -%}
        {{- spec.enum | map("tojson") | join(" | ") -}}
    {%- elif spec.properties -%}
        {%- for name, value in spec.properties | dictsort -%}
            {{- name }}{{ "?" if name not in (spec.required or []) }}: {{ kind(value) }}
        {%- endfor -%}
    {%- else -%}
        {{- spec.type | join(" or ") if spec.type is not string else spec.type -}}
    {%- endif -%}
{%- endmacro -%}
{%- if not reasoning_effort is defined %}
    {%- set reasoning_effort = "medium" %}
{%- endif %}
{{- "<|start|>system<|message|>" + strftime_now("%Y-%m-%d") + ", effort " + reasoning_effort }}
{%- if builtin_tools is defined %}
    {{- " with " ~ (builtin_tools | map("upper") | join(", ")) }}
{%- endif %}
{{- "<|end|>" }}
{%- for tool in tools or [] %}
    {%- set tool = tool.function %}
    {{- "functions." + tool.name + "(" + kind(tool.parameters) + ") // " + tool.description }}
{%- endfor %}
{%- set called = namespace(name=none) %}
{%- for turn in messages -%}
    {%- set to, channel = "", "final" %}
    {%- if turn.role == 'tool' and called.name is none -%}
        {{- raise_exception("An answer without a call") }}
    {%- elif turn.tool_calls -%}
        {%- set call = turn.tool_calls[0].function or turn.tool_calls[0] %}
        {%- set called.name = call.name %}
        {{- "<|channel|>commentary to=" + call.name + call.arguments | tojson + "<|call|>" }}
    {%- elif turn.thinking and loop.last and not add_generation_prompt %}
        {{- "<|channel|>analysis<|message|>" + turn.thinking + "<|end|>" }}
    {%- endif %}
    {{- "<|start|>" + turn.role + to + "<|channel|>" + channel }}
    {{- "<|message|>" ~ (turn.content | tojson if turn.role == 'tool' else turn.content) -}}
    <|end|>
{%- endfor -%}
{%- if add_generation_prompt -%}
<|start|>assistant
{%- endif -%}
"""

TEMPLATES = {
    "thinking": THINKING,
    "headers": HEADERS,
    "alternating": ALTERNATING,
    "instructing": INSTRUCTING,
    "generating": GENERATING,
    "keeping": KEEPING,
    "typing": TYPING,
}

_CALL = {
    "id": "call12345",
    "type": "function",
    "function": {"name": "weather", "arguments": {"city": "Zürich <b>", "days": 2, "x": None}},
}

Json = dict[str, Any]

TOOLS: list[Json] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": 'The weather & wind of a city, "as it is" <now>.',
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "naïve 東京"},
                    "days": {"type": "array", "items": {"type": "integer"}},
                    "unit": {"enum": ["C", "F"]},
                },
                "required": ["city"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "clock",
            "description": "Tells the time.",
            "parameters": {"type": ["object", "null"]},
        },
    },
]

CONVERSATIONS: dict[str, list[Json]] = {
    "one question": [{"role": "user", "content": " Hello 🙂 \n"}],
    "a system message": [
        {"role": "system", "content": "Be brief. /no_think"},
        {"role": "user", "content": "{{ 1 + 1 }} <b>&amp;</b>"},
    ],
    "thoughts": [
        {"role": "user", "content": "2 + 2?"},
        {"role": "assistant", "content": "<think>\nIt is four.\n</think>\n\n4"},
        {"role": "user", "content": "Sure?"},
        {"role": "assistant", "content": "Yes.", "reasoning_content": "They doubt."},
        {"role": "user", "content": "Thanks", "name": None},
    ],
    "a last answer": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "reasoning": "c", "tool_calls": None},
    ],
    "a call": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "thinking": "I ask.", "tool_calls": [_CALL]},
        {"role": "tool", "content": "12 °C", "tool_call_id": "call12345"},
        {"role": "assistant", "content": "Twelve."},
        {"role": "user", "content": "And then?"},
    ],
    "two calls": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [_CALL, _CALL["function"]]},
        {"role": "tool", "content": "12"},
        {"role": "tool", "content": "13"},
    ],
    "parts": [{"role": "user", "content": [{"type": "text", "text": " in parts "}]}],
    "out of turn": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
}

VARIABLES: dict[str, Json] = {
    "none": {},
    "no thinking": {"enable_thinking": False},
    "effort": {"reasoning_effort": "high", "builtin_tools": ["browser", "python"]},
    "preserve": {"preserve_thinking": True},
    "date": {"date_string": "1 Jan 2000", "tools_in_user_message": False},
    "closed": {"add_generation_prompt": False},
}
