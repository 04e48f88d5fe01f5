"""Chat templates that want all time, all memory or the insides of Python."""

DEEP = 5000

HOSTILE = {
    "nested loops": "{% for a in range(99999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "endless output": "{% for a in range(99999) %}{{ 'x' * 9999 }}{% for b in range(9999) %}y"
    "{% endfor %}{% endfor %}",
    "lipsum": "{{ lipsum(n=100000) }}",
    "a repeated text": "{{ 'A' * 10**9 }}",
    "a text longer than memory": "{{ 'A' * 10**12 }}",
    "a repeated list": "{{ [1] * 9999999999 }}",
    "a wide number": "{{ '%999999999d' % 1 }}",
    "a wide format": "{{ '{:>999999999}'.format(1) }}",
    "a wide filter": "{{ messages[0].content | center(999999999) }}",
    "a doubled text": "{% set n = namespace(s='a') %}{% for i in range(99) %}"
    "{% set n.s = n.s ~ n.s %}{% endfor %}",
    "replacing": "{{ ('a' * 50000) | replace('a', 'b' * 50000) }}",
    "a great power": "{{ (9 ** (9 ** 9)) | string | length }}",
    "a long range": "{{ range(100000000) | list }}",
    "itself": "{% macro again() %}{{ again() }}{{ again() }}{% endmacro %}{{ again() }}",
    "deep brackets": "{{ " + "(" * DEEP + "1" + ")" * DEEP + " }}",
    "classes": "{{ messages.__class__.__mro__ }}",
    "globals": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "a hidden attribute": "{{ namespace(_Namespace__attrs=1) }}",
    "a file": "{% include 'config.json' %}",
}
