"""Commands as people bring them: pasted from a recipe, a README or a manifest of their own."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any

import pytest

from harness.helm import Helm, HelmError
from harness.manifests import load
from harness.paths import ROOT
from harness.presets import images
from tests.chart.accessors import FULLNAME, bare, command_line, deployment, engine, ports, provider
from tests.support import Render, Say, Values

VLLM = {"image": "vllm/vllm-openai", "tag": "v0.30.0"}
SGLANG = {"image": "lmsysorg/sglang", "tag": "v0.5.20-cu130"}
TRTLLM = {"image": "nvcr.io/nvidia/tensorrt-llm/release", "tag": "1.2.1"}
TRITON = {"image": "nvcr.io/nvidia/tritonserver", "tag": "26.07-py3"}
LLAMA = {"image": "ghcr.io/ggml-org/llama.cpp", "tag": "server-b11243"}
LISTEN = "--host 0.0.0.0 --port 8000"
NAMED = f"{LISTEN} --served-model-name m"


def served(rendered: Any) -> str | None:
    """The model's name in requests that the gateway sends to the group; None if it is the alias."""
    name: str | None = provider(rendered).get("onwards_model")
    return name


def refused(helm: Helm, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The one problem of these values, and the fix of group `a`, which is accepted over the same values."""
    with pytest.raises(HelmError) as caught:
        helm.template(ROOT, values=[values])
    body = caught.value.output.partition("validate.yaml:2:4): ")[2].partition("Use --debug")[0]
    (problem,) = [part.strip() for part in body.split("\n\n") if part.strip()]
    sentence, _, fix = problem.partition("\nPlease set:\n")
    assert helm.template(ROOT, values=[values, load(fix)])
    fields: dict[str, Any] = load(fix)["modelGroups"]["a"]
    return sentence, fields


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("vllm serve org/m --max-model-len 8192", f"vllm serve org/m --max-model-len 8192 {NAMED}"),
        (["vllm serve org/m --port 9"], "vllm serve org/m --port 9 --host 0.0.0.0 --served-model-name m"),
        ("vllm serve org/m \\\n  --dtype auto  # the default\n", f"vllm serve org/m --dtype auto {NAMED}"),
        ("$ exec vllm serve org/m --dtype auto \\", f"vllm serve org/m --dtype auto {NAMED}"),
        ("vllm serve org/m \\ --dtype auto", f"vllm serve org/m --dtype auto {NAMED}"),
        ("vllm serve org/m\n  --dtype auto\n", f"vllm serve org/m --dtype auto {NAMED}"),
        (
            """vllm serve org/m --override-generation-config '{"a": 1}' --response-role "b \\"c\\"" d\\ e""",
            f"""vllm serve org/m --override-generation-config '{{"a": 1}}' --response-role 'b "c"' 'd e' {NAMED}""",
        ),
        ("/start.sh\n", "/start.sh"),
    ],
)
def test_a_command_in_one_text_is_split_as_a_shell_does(render: Render, given: Any, line: str) -> None:
    assert command_line(render(bare(**VLLM, command=given))) == shlex.split(line)


@pytest.mark.parametrize(
    "command",
    [
        ["vllm", "serve", "org/m", "--override-generation-config", '{"a": 1, "b": "--c d"}'],
        ["vllm", "serve", "org/m", "--chat-template", "{% if a %} $b ${c} --d & e {% endif %}"],
        ["vllm", "serve", "org/m", "--default-chat-template-kwargs", "--one 1 --two 2"],
        ["vllm", "serve", "org/m", "--allowed-origins", '["https://a.example/?b=1&c=2"]'],
        ["bash", "-c", "export A=1; exec vllm serve $MODEL --port 8000 | tee ~/log &"],
        ["python3", "-c", "import a; a.run('vllm serve x')"],
    ],
)
def test_an_item_that_may_have_spaces_is_used_as_written(render: Render, command: list[str]) -> None:
    assert command_line(render(bare(**VLLM, command=command)))[: len(command)] == command


@pytest.mark.parametrize("command", [["/opt/my app/server"], ["/opt/a b/run", "--c", "d e"]])
def test_a_path_with_spaces_is_one_word(render: Render, command: list[str]) -> None:
    assert command_line(render(bare(image="x:1", command=command))) == command


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("", "org/m --dtype auto"),
        (["vllm", "serve"], "org/m --dtype 'auto'"),
        ("", ["vllm serve org/m --dtype auto"]),
    ],
)
def test_arguments_in_one_text_are_split(render: Render, command: Any, args: Any) -> None:
    line = command_line(render(bare(**VLLM, command=command, args=args)))
    assert line == shlex.split(f"vllm serve org/m --dtype auto {NAMED}")


def test_the_script_of_a_shell_is_not_split(render: Render) -> None:
    script = "set -e\nvllm serve org/m --port 9000\n"
    assert command_line(render(bare(**VLLM, command=["bash", "-c"], args=script))) == ["bash", "-c", script]


@pytest.mark.parametrize(
    "fields",
    [
        {"command": ["SGLANG_USE_AITER=1", "A=b c", "sglang", "serve", "--model-path", "org/m"]},
        {"command": "SGLANG_USE_AITER=1 A='b c' sglang serve --model-path org/m"},
        {"command": ["SGLANG_USE_AITER=1", "A=b c"], "args": ["sglang", "serve", "--model-path", "org/m"]},
        {"args": ["SGLANG_USE_AITER=1", "A=b c", "sglang", "serve", "--model-path", "org/m"]},
    ],
    ids=["list", "text", "in-command", "in-args"],
)
def test_variables_in_front_of_the_program_are_the_containers(render: Render, fields: dict[str, Any]) -> None:
    rendered = render(bare(**SGLANG, **fields))
    assert command_line(rendered)[:4] == ["sglang", "serve", "--model-path", "org/m"]
    env = {each["name"]: each.get("value") for each in engine(rendered)["env"]}
    assert (env["SGLANG_USE_AITER"], env["A"]) == ("1", "b c")


def test_a_variable_in_front_of_the_program_overrides_the_charts(render: Render) -> None:
    rendered = render(bare(command="VLLM_NO_USAGE_STATS=0 vllm serve org/m"))
    assert [each["value"] for each in engine(rendered)["env"] if each["name"] == "VLLM_NO_USAGE_STATS"] == ["0"]


def test_a_variable_set_twice_to_the_same_is_one(render: Render) -> None:
    rendered = render(bare(command="A=1 vllm serve org/m", env=[{"name": "A", "value": "1"}]))
    assert [each["value"] for each in engine(rendered)["env"] if each["name"] == "A"] == ["1"]


def test_a_variable_set_twice_differently_is_refused(helm: Helm) -> None:
    reference = {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    sentence, fix = refused(helm, bare(command="A=1 vllm serve org/m", env=[reference]))
    assert "sets A in front of the program" in sentence
    assert fix == {"command": ["vllm", "serve", "org/m"]}


SHELL = {
    "trtllm-serve org/m --config ${CONFIG} &": 'exec trtllm-serve org/m --config "${CONFIG}"',
    "vllm serve $MODEL": 'exec vllm serve "$MODEL"',
    "vllm serve ~/models/m": "exec vllm serve ~/models/m",
    "vllm serve org/m > /tmp/log 2>&1": "exec vllm serve org/m > /tmp/log 2>&1",
    "cd /x && vllm serve m": "cd /x && vllm serve m",
    "vllm serve org/m --download-dir=$HOME/models": 'exec vllm serve org/m "--download-dir=$HOME/models"',
    "vllm serve org/m | tee log": "vllm serve org/m | tee log",
    "vllm serve org/m;": "vllm serve org/m;",
    "vllm serve $(cat,model)": 'exec vllm serve "$(cat,model)"',
    "A=$B vllm serve org/m": 'A="$B" vllm serve org/m',
}


@pytest.mark.parametrize("line", SHELL)
def test_words_that_need_a_shell_are_refused_with_the_script(helm: Helm, line: str) -> None:
    sentence, fix = refused(helm, bare(command=line.split(" ")))
    assert sentence.startswith("modelGroups.a.command: it has ")
    assert fix["command"] == ["sh", "-c"]
    assert fix["args"] == [SHELL[line]]


NEEDLESS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # fields; what to set
    "defaults": (
        {"args": ["--model", "${MODEL:-org/m}", "--port", "${PORT-8000}"]},
        {"args": ["--model", "org/m", "--port", "8000"]},
    ),
    "the-containers": (
        {
            "command": ["vllm", "serve", "$MODEL", "--served-model-name=${NAME:-x}"],
            "env": [{"name": "MODEL", "value": "org/m"}],
        },
        {"command": ["vllm", "serve", "$(MODEL)", "--served-model-name=x"]},
    ),
    "continued-lines": (
        {"command": ["vllm", "serve", "org/m", "\\", "--dtype", "auto", "\\"]},
        {"command": ["vllm", "serve", "org/m", "--dtype", "auto"]},
    ),
}


@pytest.mark.parametrize(("fields", "fix"), NEEDLESS.values(), ids=NEEDLESS)
def test_words_that_need_no_shell_are_refused_with_the_words(
    helm: Helm, fields: dict[str, Any], fix: dict[str, Any]
) -> None:
    sentence, fixed = refused(helm, bare(**VLLM, containerPort=8000, **fields))
    assert "Kubernetes runs a command without a shell" in " ".join(sentence.split())
    assert fixed == fix


def test_the_script_of_arguments_begins_with_the_program(helm: Helm) -> None:
    _, fix = refused(helm, bare(**VLLM, args=["--model", "$UNKNOWN", "--dtype", "auto"]))
    assert fix == {"command": ["sh", "-c"], "args": ['exec vllm serve --model "$UNKNOWN" --dtype auto']}


def test_options_of_a_program_in_front_of_the_engine_are_its_own(render: Render) -> None:
    command = ["nsys", "profile", "--trace", "cuda", "-o", "/tmp/x", "vllm", "serve", "org/m"]
    assert command_line(render(bare(**VLLM, command=command)))[: len(command)] == command


SPECULATIVE = '{"method": "mtp", "num_speculative_tokens": 2}'


@pytest.mark.parametrize(
    ("key", "given", "words"),
    [
        ("args", ["--speculative-config", f"'{SPECULATIVE}'"], ["--speculative-config", SPECULATIVE]),
        ("args", [f"--speculative-config='{SPECULATIVE}'"], [f"--speculative-config={SPECULATIVE}"]),
        ("args", ["--speculative-config", f'"{SPECULATIVE}"'], ["--speculative-config", SPECULATIVE]),
        ("command", ["vllm", "serve", "org/m", "--dtype='auto'"], ["vllm", "serve", "org/m", "--dtype=auto"]),
    ],
)
def test_an_item_in_quotes_is_refused(helm: Helm, key: str, given: list[str], words: list[str]) -> None:
    sentence, fix = refused(helm, bare(**VLLM, modelName="org/m", **{key: given}))
    assert sentence.startswith(f"modelGroups.a.{key}: an item of it is in quotes, which only a shell would remove")
    assert fix == {key: words}


@pytest.mark.parametrize(
    "fields",
    [
        {**VLLM, "args": ["--chat-template", "{{ 'a' }}", "--served-model-name", "it's"]},
        {"image": "registry.example/server:1", "args": ["--config='a'"]},
        {**VLLM, "command": ["sh", "-c", "vllm serve org/m --dtype 'auto'"]},
        {**VLLM, "args": "--dtype 'auto'"},
        {**VLLM, "args": [f"--speculative-config={SPECULATIVE}"]},
    ],
    ids=["inside", "unknown-entrypoint", "script", "text", "none"],
)
def test_quotes_that_something_removes_or_that_belong_there_are_accepted(
    render: Render, fields: dict[str, Any]
) -> None:
    assert render(bare(modelName="org/m", **fields))


@pytest.mark.parametrize(
    "text",
    [
        *SHELL,
        'vllm serve "$MODEL"',
        "vllm serve $(cat model.txt)",
        "vllm serve org/m --tensor-parallel-size $((1 + 1))",
        "vllm serve `cat model.txt`",
        "export A=1\nvllm serve org/m",
        "vllm serve org/m; sleep 1",
        "bash -c 'vllm serve org/m' &",
    ],
)
def test_a_text_that_needs_a_shell_is_refused_with_the_script(helm: Helm, text: str) -> None:
    sentence, fix = refused(helm, bare(**VLLM, command=text))
    assert "Kubernetes runs a command without a shell" in " ".join(sentence.split())
    assert fix["command"] == ["sh", "-c"]
    assert fix["args"][0].removeprefix("exec ") == text.removesuffix(" &")


@pytest.mark.parametrize(
    "text",
    [
        """bash -c 'cd /x && exec vllm serve "$MODEL" &'""",
        "vllm serve 'a&b$c'",
        "vllm serve $(MODEL) --response-role 'a;b'",
    ],
)
def test_a_text_whose_quotes_or_references_need_no_other_shell_is_accepted(render: Render, text: str) -> None:
    env = [{"name": "MODEL", "value": "org/m"}]
    assert command_line(render(bare(command=text, env=env)))[:2] == shlex.split(text)[:2]


def test_a_shell_variable_of_an_unknown_program_is_noted(render: Render, notes: Say) -> None:
    values = bare(image="x:1", command=["/server", "--port=${PORT}"])
    assert command_line(render(values)) == ["/server", "--port=${PORT}"]
    assert "its program gets ${PORT} as it is written" in notes(values)


def test_a_shell_variable_inside_a_text_is_noted(render: Render, notes: Say) -> None:
    values = bare(command=["vllm", "serve", "org/m", "--speculative-config", '{"model": "${DRAFT}"}'])
    assert command_line(render(values))[4] == '{"model": "${DRAFT}"}'
    assert "its program gets ${DRAFT} as it is written" in notes(values)


def test_a_key_in_a_refused_command_is_not_printed(helm: Helm) -> None:
    values = bare(command="HF_TOKEN=hf_abc vllm serve org/m --api-key sk-abc --hf-token=hf_abc && true")
    with pytest.raises(HelmError) as caught:
        helm.template(ROOT, values=[values])
    assert "Please set:" in caught.value.output
    assert "abc" not in caught.value.output
    items = bare(command=["vllm", "serve", "org/m", "--api-key", "sk-abc", "--dtype auto"])
    with pytest.raises(HelmError) as caught:
        helm.template(ROOT, values=[items])
    assert "Please set:" in caught.value.output
    assert "abc" not in caught.value.output


@pytest.mark.parametrize(
    ("fields", "key", "fix"),
    [
        (
            {**VLLM, "args": ["org/m", "--max-model-len 8192", "--dtype auto"]},
            "args",
            ["org/m", "--max-model-len", "8192", "--dtype", "auto"],
        ),
        ({**VLLM, "args": ["org/m", "--a=1 --b"]}, "args", ["org/m", "--a=1", "--b"]),
        ({**VLLM, "args": ["org/m", '--hf-overrides {"a": 1}']}, "args", ["org/m", "--hf-overrides", '{"a": 1}']),
        ({"command": ["vllm serve", "org/m"]}, "command", ["vllm", "serve", "org/m"]),
        ({"command": ["vllm", "serve", "org/m", "-tp 2"]}, "command", ["vllm", "serve", "org/m", "-tp", "2"]),
        ({**VLLM, "args": ["org/m --dtype auto", "--seed", "1"]}, "args", ["org/m", "--dtype", "auto", "--seed", "1"]),
        ({"image": "x:1", "command": ["/s"], "args": ["--port 80"]}, "args", ["--port", "80"]),
    ],
)
def test_an_item_of_several_words_is_refused(helm: Helm, fields: dict[str, Any], key: str, fix: list[str]) -> None:
    sentence, fixed = refused(helm, bare(**fields))
    assert sentence.startswith(f"modelGroups.a.{key}: an item of it is several words")
    assert fixed == {key: fix}


@pytest.mark.parametrize(
    "words",
    [
        ["bash", "-c", "vllm", "serve", "org/m"],
        ["tini", "--", "sh", "-ec", "vllm", "serve", "org/m"],
        ["/bin/bash", "-lc", "/start.sh", "--port", "9000"],
    ],
)
def test_a_script_in_several_items_is_refused(helm: Helm, words: list[str]) -> None:
    _, fix = refused(helm, bare(**VLLM, command=words))
    script = words[words.index(next(word for word in words if word.endswith("c") and word[0] == "-")) + 1 :]
    assert fix == {"command": ["sh", "-c"], "args": [f"exec {' '.join(script)}"]}


@pytest.mark.parametrize(
    "words",
    [["sh", "-c", "vllm serve org/m", "name"], ["sh", "-c", 'exec "$@"', "--", "vllm", "serve"], ["sh", "/a", "-x"]],
)
def test_arguments_of_a_script_are_accepted(render: Render, words: list[str]) -> None:
    assert command_line(render(bare(**VLLM, command=words))) == words


@pytest.mark.parametrize("flag", [True, False])
def test_a_boolean_is_refused(helm: Helm, flag: bool) -> None:
    sentence, fix = refused(helm, bare(**LLAMA, args=["-m", "/x.gguf", "--flash-attn", flag]))
    assert sentence.startswith("modelGroups.a.args: YAML reads an unquoted on, off")
    assert fix["args"][-1] == str(flag).lower()


@pytest.mark.parametrize(
    ("command", "fix"),
    [
        (
            "docker run -it --rm --gpus all -p 8000:8000 -e A=b --shm-size=1g vllm/vllm-openai:v0.30.0 --model org/m",
            {"image": "vllm/vllm-openai", "tag": "v0.30.0", "command": [], "args": ["--model", "org/m"]},
        ),
        (
            ["sudo", "podman", "run", "--device", "nvidia.com/gpu=all", "quay.io:443/org/server", "serve"],
            {"image": "quay.io:443/org/server", "tag": "latest", "command": [], "args": ["serve"]},
        ),
        (
            "docker run --entrypoint python3 --ipc host vllm/vllm-openai:v0.30.0 -m vllm.entrypoints.openai.api_server",
            {
                "image": "vllm/vllm-openai",
                "tag": "v0.30.0",
                "command": ["python3"],
                "args": ["-m", "vllm.entrypoints.openai.api_server"],
            },
        ),
    ],
    ids=["docker", "podman", "entrypoint"],
)
def test_a_container_in_the_command_is_refused_with_its_parts(helm: Helm, command: Any, fix: dict[str, Any]) -> None:
    sentence, fixed = refused(helm, bare(command=command))
    assert sentence.startswith("modelGroups.a.command: it starts a container")
    assert fixed == fix


def test_a_program_that_is_not_in_path_is_refused(helm: Helm, render: Render) -> None:
    for key in ("command", "args"):
        _, fix = refused(helm, bare(**LLAMA, **{key: ["llama-server", "-m", "/x.gguf"]}))
        assert fix == {key: ["/app/llama-server", "-m", "/x.gguf"]}
    other = bare(image="registry.example/llama-cpp", command=["llama-server", "-m", "/x.gguf"])
    assert command_line(render(other))[0] == "llama-server"


LAUNCHERS = [
    "tini --",
    "/usr/bin/tini -g -- env A=1",
    "dumb-init",
    "env -u B A=1",
    "nice -n 10",
    "numactl -N 0 --membind 0",
    "timeout -k 5 1h",
    "taskset -c 0-3",
    "gosu root",
    "catchsegv",
    "/opt/nvidia/nvidia_entrypoint.sh",
]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_in_front_of_a_shell_is_still_a_shell(render: Render, launcher: str) -> None:
    command = [*shlex.split(launcher), "bash", "-lc", "exec vllm serve org/m --port 9000 --served-model-name z"]
    rendered = render(bare(**VLLM, command=command))
    assert command_line(rendered) == command
    assert ports(rendered) == {"http": 9000}
    assert served(rendered) == "z"


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("split", [False, True], ids=["command", "args"])
def test_a_launcher_in_front_of_an_engine_is_still_the_engine(render: Render, launcher: str, split: bool) -> None:
    front, program = shlex.split(launcher), ["vllm", "serve", "--dtype", "auto"]
    command, args = (front, program) if split else ([*front, *program], [])
    line = command_line(render(bare(**VLLM, modelName="org/m", command=command, args=args)))
    assert line == [*front, *shlex.split(f"vllm serve org/m --dtype auto {NAMED}")]


@dataclass(frozen=True)
class Script:
    """A script, and what is read from it."""

    text: str
    http: int
    model: str | None


PREFILL = "python3 -m sglang.launch_server --model-path org/m --disaggregation-mode prefill --port 30000"
SCRIPTS = {
    "served-name": Script("export A=1 && exec vllm serve org/m --served-model-name z --port 8080", 8080, "z"),
    "served-name-equals": Script("vllm serve org/m --served-model-name=z --port=8080 | tee /log", 8080, "z"),
    "quoted": Script("""vllm serve "org/m" --served-model-name 'z' --port "8080";""", 8080, "z"),
    "no-served-name": Script("vllm serve org/m --port 8080 2>&1 > /log", 8080, "org/m"),
    "path": Script("vllm serve /models/m", 8000, "/models/m"),
    "several-lines": Script(
        "set -e\n# --port 1\nvllm serve org/m \\\n  --port 8080 \\\n  --dtype auto\n", 8080, "org/m"
    ),
    "variables": Script("PORT=8080; M=org/m\nvllm serve $M --port ${PORT} --served-model-name ${N:-z}", 8080, "z"),
    "container-variables": Script('vllm serve "$MODEL" --port $HTTP_PORT', 8081, "org/v"),
    "unknown-model": Script("vllm serve $UNKNOWN --port 8080", 8080, "org/n"),
    "default-port": Script("vllm serve org/m --port ${P:=8080}", 8080, "org/m"),
    "router": Script(f"{PREFILL} &\nexec python3 -m sglang_router.launch_router --port 8000", 8000, "org/m"),
    "other-program": Script("nginx -p 80 & exec vllm serve org/m --port 8080", 8080, "org/m"),
    "waits": Script("vllm serve org/m --port 8080 &\ncurl localhost:8080/health\nwait", 8080, "org/m"),
    "array": Script(
        """args=(
          vllm serve org/m
          --port 8080  # where it listens
          --served-model-name "z"
          --override-generation-config '{"a": "(b)"}'
        )
        exec "${args[@]}" "$@"
        """,
        8080,
        "z",
    ),
    "array-that-grows": Script(
        "A=(--port 8080)\nif [[ -n $B ]]; then\n  A+=(\n    --served-model-name z\n  )\nfi\nvllm serve org/m ${A[@]}",
        8080,
        "z",
    ),
    "eval": Script(
        'B=--dtype\neval "exec vllm serve org/m \\\n --served-model-name "z" "y" --port 8080 $B auto"', 8080, "z"
    ),
    "eval-of-a-variable": Script(
        'C="vllm serve org/m --port 8080"\nif true; then C="$C --served-model-name z"; fi\necho "$C"\neval "$C"',
        8080,
        "z",
    ),
    "shell-in-a-shell": Script(
        'ulimit -n 9; su app -c "vllm serve org/m --served-model-name z --port 8080"', 8080, "z"
    ),
    "default-of-itself": Script(
        'PORT="${PORT:-8080}"\nM=${M:-org/m}\nexec vllm serve "$M" --port "$PORT"', 8080, "org/m"
    ),
    "default-set": Script(': "${P:=8080}"\nvllm serve org/m --port $P', 8080, "org/m"),
    "of-another-variable": Script('export P="$HTTP_PORT"\nvllm serve org/m --port $P', 8081, "org/m"),
    "apostrophe-in-a-comment": Script("# it's the server\nvllm serve org/m --port 8080 # don't stop\n", 8080, "org/m"),
    "of-another-package": Script(
        "source setvars.sh; python -m ipex_llm.vllm.xpu.entrypoints.openai.api_server --port 8080 --model org/m",
        8080,
        "org/m",
    ),
    "base-of-a-path": Script('M=org/z\nvllm serve "$M" --port 8080 --served-model-name "${M##*/}"', 8080, "z"),
    "basename": Script(
        'M="org/z"; N="$(basename "$M")"\nvllm serve $M --port 8080 --served-model-name "$N"', 8080, "z"
    ),
    "redirected": Script("vllm serve org/m --port 8080 --served-model-name z 2>&1 | tee /tmp/log", 8080, "z"),
    "nested-quotes": Script(
        'a["${i}"]=$((${a["${i}"]} + 1)); [ -n "${a[\'3\']}" ] && echo "it\'s $(date -u +\'%H\')"\n'
        'eval "vllm serve org/m --served-model-name "z" --port 8080"',
        8080,
        "z",
    ),
    "omni": Script("vllm-omni serve org/m --port 8080", 8080, "org/m"),
    "words-about-it": Script(
        'vllm serve org/m --served-model-name z --port 8080 &\necho "vllm serve runs"\npgrep -f "vllm serve"\nwait',
        8080,
        "z",
    ),
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_port_and_served_name_are_read_from_a_script(render: Render, script: Script) -> None:
    env = [{"name": "MODEL", "value": "org/v"}, {"name": "HTTP_PORT", "value": "8081"}]
    image = SGLANG if "sglang" in script.text else VLLM
    rendered = render(bare(**image, modelName="org/n", command=["bash", "-c", script.text], env=env))
    assert ports(rendered) == {"http": script.http}
    assert served(rendered) == script.model


def test_a_comment_of_a_script_says_nothing(render: Render, notes: Say) -> None:
    script = """# It's as before: --api-key k --ssl-keyfile /k --nnodes 2
    # pip install x > c.yaml; see /root/x
    exec sglang serve --model-path org/m --port 8080  # --enable-metrics, --lora-paths z=/z
    """
    values = bare(**SGLANG, modelAlias=["z"], command=["bash", "-c", script])
    rendered = render(values)
    assert (ports(rendered), provider(rendered, "z")["onwards_model"]) == ({"http": 8080}, "org/m")
    assert command_line(rendered) == ["bash", "-c", script]
    assert "so this engine runs as its image's user" not in notes(values)
    assert "no metric shows its running requests" in notes(values)


@pytest.mark.parametrize("options", [["-c", "--"], ["-c", "-x"], ["-e", "-c", "--"], ["-ec", "-x", "--"]])
def test_the_script_of_a_shell_may_stand_behind_options(render: Render, options: list[str]) -> None:
    script = "vllm serve org/m --port 8080 --served-model-name z"
    for fields in (
        {"command": ["bash", *options, script]},
        {"command": ["bash", *options], "args": [script]},
        {"command": ["bash", *options], "args": script},
        {"command": ["bash", *options, script, "--", "-c"]},
    ):
        rendered = render(bare(**VLLM, **fields))
        assert script in command_line(rendered)
        assert (ports(rendered), served(rendered)) == ({"http": 8080}, "z")


@pytest.mark.parametrize(
    ("image", "script", "port"),
    [
        (SGLANG, "python3 -m sglang.launch_server --model-path org/m --host 0.0.0.0", 30000),
        (LLAMA, "/app/llama-server -m /x.gguf", 8080),
        (VLLM, "vllm serve org/m", 8000),
    ],
    ids=["sglang", "llama-cpp", "vllm"],
)
def test_a_script_that_sets_no_port_listens_at_the_engines_own(
    render: Render, image: dict[str, str], script: str, port: int
) -> None:
    assert ports(render(bare(**image, command=["sh", "-c", script]))) == {"http": port}
    assert ports(render(bare(**image, command=["sh", "-c", script], containerPort=9000))) == {"http": 9000}
    assert ports(render(bare(**image, command=script.split()))) == {"http": 8000}


def test_alias_of_llama_cpp_is_read_from_a_script(render: Render) -> None:
    rendered = render(bare(**LLAMA, command=["sh", "-c", "/app/llama-server -m /x.gguf --alias z,y --port 9"]))
    assert (ports(rendered), served(rendered)) == ({"http": 9}, "z")


TWO = "vllm serve org/a --port 8001 & vllm serve org/b --port 8002; wait"


@pytest.mark.parametrize(("port", "model"), [(8001, "org/a"), (8002, "org/b"), (9000, "org/b")])
def test_the_container_port_selects_among_the_servers_of_a_script(
    render: Render, notes: Say, port: int, model: str
) -> None:
    values = bare(**VLLM, command=["sh", "-c", TWO], containerPort=port)
    rendered = render(values)
    assert (ports(rendered), served(rendered)) == ({"http": port}, model)
    assert "starts servers on several ports" not in notes(values)


def test_the_last_of_several_servers_is_taken_with_a_note(render: Render, notes: Say) -> None:
    values = bare(**VLLM, command=["sh", "-c", TWO])
    assert ports(render(values)) == {"http": 8002}
    assert "starts servers on several ports, and requests are sent to 8002" in notes(values)


@pytest.mark.parametrize(
    ("words", "given", "port"),
    [
        ("--model-id org/m --port 8080", None, 8080),
        ("--port=8080", None, 8080),
        ("--port 8080", 9000, 9000),
        ("--server-port $(PORT)", None, 9001),
        ("--model-id org/m", None, 9001),
    ],
)
def test_the_port_of_an_unknown_program_is_read(render: Render, words: str, given: Any, port: int) -> None:
    env = [{"name": "PORT", "value": "9001"}]
    fields = {"containerPort": given} if given else {}
    rendered = render(bare(image="other/server", tag="1", args=words.split(), env=env, **fields))
    assert ports(rendered) == {"http": port}
    assert engine(rendered)["args"] == words.split()


def test_parallelism_of_a_script_is_compared_with_the_gpus(helm: Helm, render: Render) -> None:
    limits = {"limits": {"nvidia.com/gpu": 2}}
    with pytest.raises(HelmError, match="splits the model across 4 GPUs"):
        helm.template(ROOT, values=[bare(**VLLM, command=["sh", "-c", "vllm serve x -tp 4"], resources=limits)])
    two = "vllm serve a --port 1 -tp 1 & vllm serve b --port 2 -tp 4"
    assert render(bare(**VLLM, command=["sh", "-c", two], resources=limits))


REFERENCE = {"valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}


@pytest.mark.parametrize("words", [["--port=$(PORT)"], ["--port", "$(PORT)"]], ids=["joined", "apart"])
def test_a_port_is_read_through_its_variable(render: Render, words: list[str]) -> None:
    for front in ([], ["PORT=9000"]):
        env = [] if front else [{"name": "PORT", "value": "9000"}]
        rendered = render(bare(**VLLM, command=[*front, "vllm", "serve", "org/m", *words], env=env))
        assert ports(rendered) == {"http": 9000}
        assert command_line(rendered)[3 : 3 + len(words)] == words


@pytest.mark.parametrize(
    "fields",
    [
        {"env": [{"name": "PORT", **REFERENCE}]},
        {"envFrom": [{"secretRef": {"name": "s"}}]},
        {"command": ["sh", "-c", "vllm serve org/m --port $PORT"], "args": []},
    ],
    ids=["reference", "many", "script"],
)
def test_a_port_of_unknown_value_is_refused(helm: Helm, fields: dict[str, Any]) -> None:
    sentence, fix = refused(helm, bare(**{**VLLM, "args": ["org/m", "--port=$(PORT)"], **fields}))
    assert sentence.startswith("modelGroups.a.containerPort: the command sets the port to $")
    assert fix == {"containerPort": 8000}


@pytest.mark.parametrize("env", [[], [{"name": "PORT", **REFERENCE}]], ids=["unset", "reference"])
def test_a_port_of_unknown_value_is_the_container_port_with_a_note(render: Render, notes: Say, env: Any) -> None:
    values = bare(**VLLM, args=["org/m", "--port=$(PORT)"], env=env, containerPort=9000)
    assert ports(render(values)) == {"http": 9000}
    assert "it must be 9000, the containerPort" in notes(values)


def test_a_port_of_a_variable_that_nothing_sets_is_refused(helm: Helm) -> None:
    _, fix = refused(helm, bare(**VLLM, args=["org/m", "--port=$(PORT)"]))
    assert fix == {"env": [{"name": "PORT", "value": "8000"}]}


def test_names_and_parallelism_are_read_through_variables(helm: Helm, render: Render) -> None:
    env = [{"name": "NAME", "value": "z"}, {"name": "TP", "value": "4"}]
    command = shlex.split("vllm serve org/m --served-model-name=$(NAME) -tp $(TP)")
    assert served(render(bare(command=command, env=env))) == "z"
    with pytest.raises(HelmError, match="splits the model across 4 GPUs"):
        helm.template(ROOT, values=[bare(command=command, env=env, resources={"limits": {"nvidia.com/gpu": 2}})])


def test_a_served_name_of_unknown_value_keeps_the_alias_with_a_note(render: Render, notes: Say) -> None:
    values = bare(
        command=shlex.split("vllm serve org/m --served-model-name $(NAME)"), env=[{"name": "NAME", **REFERENCE}]
    )
    assert served(render(values)) is None
    assert "its served name is $(NAME), whose value is not in the values file" in notes(values)


def test_a_variable_that_nothing_sets_is_refused(helm: Helm, render: Render) -> None:
    command = shlex.split("vllm serve org/m --served-model-name $(NAME)")
    _, fix = refused(helm, bare(command=command))
    assert fix == {"env": [{"name": "NAME", "value": "..."}]}
    for fields in ({"envFrom": [{"secretRef": {"name": "s"}}]}, {"env": [{"name": "NAME", **REFERENCE}]}):
        assert render(bare(command=command, **fields))
    for word in ("$(HOME)", "$(KUBERNETES_SERVICE_HOST)", "$$(NAME)", "a $(b) c"):
        assert render(bare(command=["vllm", "serve", "org/m", "--response-role", word]))


@pytest.mark.parametrize(
    ("line", "model"),
    [
        ("--dtype float16 org/m", "org/m"),
        ("--enforce-eager org/m --dtype auto", "org/m"),
        ("--dtype=auto /models/m", "/models/m"),
        ("-O3 org/m", "org/m"),
        ("--max-model-len 8192 --trust-remote-code org/m", "org/m"),
    ],
)
def test_a_model_behind_options_gets_no_served_name(render: Render, notes: Say, line: str, model: str) -> None:
    values = bare(command=["vllm", "serve", *shlex.split(line)])
    rendered = render(values)
    assert command_line(rendered) == shlex.split(f"vllm serve {line} {LISTEN}")
    assert served(rendered) == model
    assert (
        f"its model stands behind options, where vllm accepts no served names, so requests are sent for {model}"
        in notes(values)
    )


def test_the_value_of_an_option_is_no_model(render: Render) -> None:
    for option in ("--tokenizer org/m", "--dtype auto", "--lora-modules a=org/x b=org/y", "--enable-lora --seed 1"):
        line = command_line(render(bare(modelName="org/m", command=["vllm", "serve", *option.split(" ")])))
        assert line[:4] == ["vllm", "serve", "org/m", option.partition(" ")[0]]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"command": ["vllm"], "args": ["serve", "--dtype", "auto"]}, "vllm serve org/m --dtype auto"),
        ({"command": ["vllm", "serve", "--dtype", "auto"]}, "vllm serve org/m --dtype auto"),
        (
            {"command": ["uv", "run", "vllm", "serve"], "args": ["--dtype", "auto"]},
            "uv run vllm serve org/m --dtype auto",
        ),
        ({"command": ["vllm"], "args": ["serve", "org/x"]}, "vllm serve org/x"),
        (
            {"command": ["python3", "-u", "-m", "vllm.entrypoints.openai.api_server"], "args": ["--dtype", "auto"]},
            "python3 -u -m vllm.entrypoints.openai.api_server --model org/m --dtype auto",
        ),
    ],
)
def test_the_model_is_put_behind_serve(render: Render, fields: dict[str, Any], line: str) -> None:
    assert command_line(render(bare(modelName="org/m", **fields))) == shlex.split(f"{line} {NAMED}")


@pytest.mark.parametrize(
    ("image", "args"),
    [
        ("lmcache/vllm-openai", ["Qwen/Qwen3-8B", "--kv-transfer-config", '{"kv_role": "kv_both"}']),
        ("registry.example/ai/vllm-server", ["--model", "Qwen/Qwen3-8B", "--dtype", "auto"]),
        ("registry.example/sglang", ["--model-path=Qwen/Qwen3-8B", "--host", "0.0.0.0"]),
        ("opea/vllm-gaudi", ["--dtype", "auto", "Qwen/Qwen3-8B"]),
        ("rocm/vllm", ["vllm serve Qwen/Qwen3-8B"]),
    ],
)
def test_an_unknown_image_keeps_its_entrypoint(render: Render, notes: Say, image: str, args: list[str]) -> None:
    values = bare(image=image, tag="v1", args=args, resources={"limits": {"nvidia.com/gpu": 2}})
    rendered = render(values)
    assert "command" not in engine(rendered)
    assert engine(rendered)["args"] == args
    assert served(rendered) == "Qwen/Qwen3-8B"
    assert "its image is not one of the engine's own, and its entrypoint may take other options" in notes(values)


def test_an_unknown_image_of_a_given_engine_keeps_its_entrypoint_and_gets_options(render: Render) -> None:
    rendered = render(bare(image="registry.example/server:1", engine="vllm", args=["--model", "org/m"]))
    assert "command" not in engine(rendered)
    assert engine(rendered)["args"] == shlex.split(f"--model org/m {NAMED}")


@pytest.mark.parametrize(
    "repository",
    [
        *("vllm/vllm-openai", "docker.io/vllm/vllm-openai-rocm", "cache.example:5000/hub/vllm/vllm-openai"),
        *("public.ecr.aws/q9t5s3a7/vllm-release-repo", "public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo"),
    ],
)
def test_an_image_of_the_engines_own_gets_its_launcher(render: Render, repository: str) -> None:
    line = command_line(render(bare(image=repository, tag="v0.30.0", args=["--model", "org/m"])))
    assert line == shlex.split(f"vllm serve --model org/m {NAMED}")


def test_model_name_starts_an_image_that_resembles_the_engines_with_a_note(render: Render, notes: Say) -> None:
    for image in ("rocm/vllm", "ghcr.io/llm-d/llm-d-cuda"):
        values = bare(image=image, tag="v0.5.0", modelName="org/m", args=["--disable-uvicorn-access-log"])
        assert command_line(render(values)) == shlex.split(f"vllm serve org/m --disable-uvicorn-access-log {NAMED}")
        assert "must have vllm serve, which the chart starts" in notes(values)
    assert "which the chart starts" not in notes(bare(**VLLM, modelName="org/m"))


def test_a_full_image_of_llama_cpp_keeps_its_entrypoint(render: Render) -> None:
    fields = {**LLAMA, "tag": "full-cuda-b9000"}
    rendered = render(bare(**fields, args=["--server", "-m", "/models/a.gguf"]))
    assert "command" not in engine(rendered)
    assert engine(rendered)["args"] == shlex.split(f"--server -m /models/a.gguf {LISTEN} --alias m --metrics")
    rendered = render(bare(**fields, modelName="/a.gguf", args=["--server", "-c", "100"]))
    assert engine(rendered)["args"][:5] == ["--server", "-m", "/a.gguf", "-c", "100"]


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        (TRITON, "tritonserver --model-repository=/models"),
        (SGLANG, "python3 -m sglang.launch_server --model-path org/m"),
        (TRTLLM, "trtllm-serve org/m"),
        (TRTLLM, "bash -c 'trtllm-serve org/m'"),
        ({"image": "lmcache/vllm-openai", "tag": "v0.3.9"}, "vllm serve org/m"),
        ({"image": "intel/llm-server", "tag": "1"}, "python3 server.py"),
    ],
)
def test_arguments_that_begin_with_a_program_keep_the_entrypoint(render: Render, fields: Any, given: str) -> None:
    args = shlex.split(given)
    rendered = engine(render(bare(**fields, args=args)))
    assert "command" not in rendered
    assert rendered["args"][: len(args)] == args


def test_the_model_stands_behind_the_program_in_arguments(render: Render) -> None:
    rendered = render(bare(**SGLANG, modelName="org/m", args=shlex.split("python3 -m sglang.launch_server --tp 2")))
    assert engine(rendered)["args"][:5] == ["python3", "-m", "sglang.launch_server", "--model-path", "org/m"]


def test_arguments_that_begin_with_a_program_replace_an_entrypoint_that_is_the_engine(render: Render) -> None:
    for image, args in ((VLLM, ["vllm", "serve", "org/m"]), (LLAMA, ["/app/llama-server", "-m", "/x.gguf"])):
        assert engine(render(bare(**image, args=args)))["command"] == args[:1]


@pytest.mark.parametrize("fields", [{"env": [{"name": "MODEL_ID", "value": "org/m"}]}, {"containerPort": 80}, {}])
def test_an_image_alone_runs_as_it_is(render: Render, fields: dict[str, Any]) -> None:
    rendered = render(bare(image="registry.example/my-vllm-server", tag="1.0", **fields))
    assert not {"command", "args"} & engine(rendered).keys()
    assert served(rendered) is None


@pytest.mark.parametrize(
    "command",
    [
        ["trtllm-serve", "disaggregated", "-c", "/config.yaml"],
        ["trtllm-llmapi-launch", "trtllm-serve", "mm_embedding_serve", "org/x"],
        ["vllm", "run-batch", "-i", "a", "-o", "b"],
        ["vllm", "bench", "serve", "--model", "org/x"],
    ],
)
def test_nothing_is_added_to_another_subcommand(render: Render, notes: Say, command: list[str]) -> None:
    values = bare(command=command, resources={"limits": {"nvidia.com/gpu": 4}})
    rendered = render(values)
    assert command_line(rendered) == command
    assert served(rendered) in (None, "org/x")
    assert "its command does not start the engine's own server" in notes(values)


@pytest.mark.parametrize(
    ("tag", "version", "line"),
    [
        ("v0.9.1", "", "vllm serve org/m --dtype auto"),
        ("v0.11.0", "", "vllm serve org/m --dtype auto"),
        ("latest", "", "vllm serve org/m --dtype auto"),
        ("v0.11.1-cu129", "", "vllm serve --dtype auto --model org/m"),
        ("nightly", "0.12", "vllm serve --dtype auto --model org/m"),
        ("v0.30.0", "0.9", "vllm serve org/m --dtype auto"),
    ],
)
@pytest.mark.parametrize("joined", [False, True], ids=["apart", "joined"])
def test_an_old_version_gets_its_model_without_the_flag(
    render: Render, tag: str, version: str, line: str, joined: bool
) -> None:
    model = ["--model=org/m"] if joined else ["--model", "org/m"]
    fields = {"image": "vllm/vllm-openai", "tag": tag, "engineVersion": version, "args": ["--dtype", "auto", *model]}
    expected = shlex.split(f"{line} {NAMED}")
    found = command_line(render(bare(**fields)))
    assert found == (" ".join(expected).replace("--model ", "--model=").split() if joined else expected)


def test_an_old_command_of_the_users_is_mended_only_if_the_version_is_known(render: Render) -> None:
    command = ["vllm", "serve", "--model", "org/m", "--dtype", "auto"]
    for tag, line in (("v0.9.1", "vllm serve org/m"), ("latest", "vllm serve --model org/m")):
        rendered = render(bare(image="vllm/vllm-openai", tag=tag, command=command))
        assert command_line(rendered) == shlex.split(f"{line} --dtype auto {NAMED}")


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("rocm/vllm", "rocm6.2_mi300_ubuntu20.04_py3.9_vllm_0.6.4"),
        ("opea/vllm-gaudi", "1.22.0"),
        ("763104351884.dkr.ecr.us-east-1.amazonaws.com/vllm", "0.9-gpu-py312"),
        ("registry.redhat.io/rhaiis/vllm-cuda-rhel9", "3.2.0"),
        ("nvcr.io/nvidia/vllm", "25.09-py3"),
    ],
)
def test_a_tag_of_another_product_adds_no_option_of_a_version(render: Render, image: str, tag: str) -> None:
    line = command_line(render(bare(image=image, tag=tag, modelName="org/m", drainSeconds=0)))
    assert line == shlex.split(f"vllm serve org/m {NAMED}")


@pytest.mark.parametrize(
    ("tag", "version", "program"),
    [
        ("v0.5.20-cu130", "", "sglang serve"),
        ("v0.5.11", "", "sglang serve"),
        ("v0.5.10.post1", "", "python3 -m sglang.launch_server"),
        ("latest", "", "python3 -m sglang.launch_server"),
        ("latest", "0.5.23", "sglang serve"),
    ],
)
def test_sglang_is_started_by_the_program_that_its_version_has(
    render: Render, tag: str, version: str, program: str
) -> None:
    fields = {"image": "lmsysorg/sglang", "tag": tag, "engineVersion": version}
    line = command_line(render(bare(**fields, modelName="black-forest-labs/FLUX.1-dev")))
    assert line == shlex.split(f"{program} --model-path black-forest-labs/FLUX.1-dev {NAMED} --enable-metrics")


def test_sglang_finds_its_model_in_a_file_of_options(render: Render) -> None:
    """`sglang serve` asks for the option --model-path first."""
    line = command_line(render(bare(**SGLANG, args=["--config", "/f.yaml"])))
    assert line == shlex.split(f"python3 -m sglang.launch_server --config /f.yaml {NAMED} --enable-metrics")
    line = command_line(render(bare(**SGLANG, args=["--config", "/f.yaml", "--model", "org/m"])))
    assert line == shlex.split(f"sglang serve --config /f.yaml --model org/m {NAMED} --enable-metrics")


RECIPES = [
    "vllm serve Qwen/Qwen3-Coder-480B-A35B-Instruct --max-model-len 32768 --enable-expert-parallel -dp 8",
    "vllm serve deepseek-ai/DeepSeek-V3.1 --trust-remote-code --tensor-parallel-size 8 --tool-call-parser deepseek_v31",
    """vllm serve org/m --speculative-config '{"method": "mtp", "num_tokens": 1}' --no-enable-prefix-caching""",
    "vllm serve org/m --limit-mm-per-prompt.video 0 --mm-encoder-tp-mode data -cc.cudagraph_mode=PIECEWISE",
]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("form", ["list", "text"])
def test_a_recipe_is_kept_word_for_word(render: Render, recipe: str, form: str) -> None:
    words = shlex.split(recipe)
    values: Values = bare(command=words if form == "list" else recipe, resources={"limits": {"nvidia.com/gpu": 8}})
    assert engine(render(values))["command"] == words


def test_nothing_else_of_the_pod_depends_on_how_the_command_is_written(render: Render) -> None:
    one = render(bare(**VLLM, command="vllm serve org/m --port 9000"))
    other = render(bare(**VLLM, command=["vllm", "serve", "org/m", "--port", "9000"]))
    assert json.dumps(deployment(one)) == json.dumps(deployment(other))
    assert one["Service", f"{FULLNAME}-a"] == other["Service", f"{FULLNAME}-a"]


@pytest.mark.parametrize(
    ("image", "program", "model"),
    [
        (str(images()["vllm"]), "vllm", ["org/m"]),
        ("vllm/vllm-openai:v0.9.2", "vllm", ["org/m"]),
        ("vllm/vllm-openai:v0.30.0", "vllm", ["--config", "/etc/vllm.yaml"]),
        (str(images()["sglang"]), "sglang", ["--model-path", "org/m"]),
    ],
)
def test_a_subcommand_that_the_arguments_begin_with_stands_once(
    render: Render, image: str, program: str, model: list[str]
) -> None:
    line = command_line(render(bare(image=image, args=["serve", *model, "--port", "9000"])))
    assert line[: len(model) + 4] == [program, "serve", *model, "--port", "9000"]
