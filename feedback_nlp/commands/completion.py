"""``feedback-nlp completion``: the script with which a shell completes commands, options, names that ship, and files."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from feedback_nlp.commands.helping import examples

SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(
    epilog=examples(
        'eval "$(feedback-nlp completion bash)"                    # in ~/.bashrc',
        'eval "$(feedback-nlp completion zsh)"                     # in ~/.zshrc',
        "feedback-nlp completion fish > ~/.config/fish/completions/feedback-nlp.fish",
    )
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands and options in SHELL."""
    made = SHELLS[shell](context.find_root().command, {}, "feedback-nlp", "_FEEDBACK_NLP_COMPLETE")
    click.echo(made.source())
