# SPDX-License-Identifier: Apache-2.0
"""Runs the whole session isolated, gives each test its own world, shows logs of what failed."""
import os
import shutil
import sys

import pytest

from harness import interop, isolate
from harness.world import World


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Starts the session anew inside of its own namespaces, before any worker exists."""
    if isolate.inside() or config.option.collectonly:
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture:
        capture.stop_global_capturing()
    os.chdir(config.invocation_params.dir)
    try:
        isolate.enter([sys.executable, "-m", "pytest", *config.invocation_params.args])
    except OSError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_collection_modifyitems(items):
    interop.remember(items)


def pytest_terminal_summary(terminalreporter):
    """The interop table, when one of its cells ran."""
    interop.summary(terminalreporter)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Leaves the outcome of the test on its item and adds the logs of a failed one."""
    report = (yield).get_result()
    setattr(item, f"report_{report.when}", report)
    world = item.funcargs.get("world") if hasattr(item, "funcargs") else None
    if report.when == "call" and report.failed and world is not None:
        report.sections.append(("logs of the world", world.tails()))


@pytest.fixture
def world(request, tmp_path):
    """An empty world of its own. Of a failed test its files are kept in tmp_path."""
    made = World()
    try:
        yield made
        report = getattr(request.node, "report_call", None)
        if report is None or report.failed:
            shutil.copytree(made.folder, tmp_path / "world", dirs_exist_ok=True,
                            ignore=_special)
    finally:
        made.close()
        shutil.rmtree(made.folder, ignore_errors=True)


def _special(folder, names):
    """What copytree cannot copy: sockets and pipes."""
    return [name for name in names
            if not os.path.isdir(os.path.join(folder, name))
            and not os.path.isfile(os.path.join(folder, name))]
