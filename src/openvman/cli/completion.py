"""``vman completion``: scripts for shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes vman in a shell.

    \b
    bash:  vman completion bash > ~/.local/share/bash-completion/completions/vman
    zsh:   vman completion zsh > DIR/_vman, where DIR is in $fpath
    fish:  vman completion fish > ~/.config/fish/completions/vman.fish
    """
    complete = get_completion_class(shell)
    assert complete is not None, f"click completes {shell}"
    click.echo(complete(ctx.find_root().command, {}, "vman", "_VMAN_COMPLETE").source())
