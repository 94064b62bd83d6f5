from click.testing import CliRunner

from api.cli import main
from core.access import KEY_ACTIONS


def test_key_scopes_are_named_as_the_interface_names_them() -> None:
    told = CliRunner().invoke(main, ["issue-key", "--help"], terminal_width=1000).output
    refused = CliRunner().invoke(main, ["issue-key", "label", "--scope", "DOCUMENT_CHECK"])
    named = ["document.check", *(action.value for action in KEY_ACTIONS)]
    assert [name for name in named if name not in told] == []
    assert [name for name in named if repr(name) not in refused.output] == []
    assert refused.exit_code == 2
