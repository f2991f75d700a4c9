"""What every test run shares: shapes that are checked at each call, and executed notebooks that the site reuses."""
from __future__ import annotations

import ast
import copy
import sys
import time
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

import pytest

# ---------------------------------------------------------------------------------------------------------------
# Shapes.  ``x: Float[Array, "n d"]`` costs nothing at run time, because dlbook imports the names for type checkers
# only.  In the test suite the same line is checked at each call.  (jaxtyping's own import hook would also wrap each
# function inside a function, at each call of the outer one: 0.4 ms for every vector-Jacobian product.)


class CheckedLoader(SourceFileLoader):
    """Loads a module with its ``if TYPE_CHECKING:`` imports made, and with the functions that state shapes checked."""

    def get_code(self, fullname):  # and not source_to_code: the byte code of checked modules must not be kept on disk
        path = self.get_filename(fullname)
        tree = ast.parse(self.get_data(path), path)
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
                node.test = ast.copy_location(ast.Constant(True), node.test)
            elif isinstance(node, ast.FunctionDef) and any(map(_states_shape, _annotations(node))):
                node.decorator_list.append(ast.copy_location(ast.Name("__check_shapes__", ast.Load()), node))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def exec_module(self, module):
        module.__check_shapes__ = _check_shapes
        super().exec_module(module)


def _check_shapes(function):
    from beartype import BeartypeConf, beartype
    from jaxtyping import jaxtyped

    return jaxtyped(function, typechecker=beartype(conf=BeartypeConf(is_pep484_tower=True)))  # 1 is a float too


def _annotations(node: ast.FunctionDef) -> list[ast.expr]:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return [a.annotation for a in arguments if a and a.annotation] + [node.returns] * bool(node.returns)


def _states_shape(annotation: ast.expr) -> bool:
    """Whether the annotation holds something like ``Float[Array, "n d"]``."""
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Tuple)
        and len(node.slice.elts) == 2
        and isinstance(node.slice.elts[1], ast.Constant)
        and isinstance(node.slice.elts[1].value, str)
        for node in ast.walk(annotation)
    )


class CheckedFinder:
    @staticmethod
    def find_spec(fullname, path=None, target=None):
        spec = PathFinder.find_spec(fullname, path, target) if fullname.partition(".")[0] == "dlbook" else None
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = CheckedLoader(spec.loader.name, spec.loader.path)
        return spec


if early := sorted(name for name in sys.modules if name.partition(".")[0] == "dlbook"):
    raise ImportError(f"{early[0]} was imported before its shapes could be checked; import it in a test only")
sys.meta_path.insert(0, CheckedFinder)

# ---------------------------------------------------------------------------------------------------------------
# Notebooks.  ``pytest --nbval`` runs every cell; when all cells of a notebook pass, what they showed goes into the
# cache from which the site is built, so that no notebook runs twice.

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
SAVE_WIDGETS = f"""
import sys
if "ipywidgets" in sys.modules:
    get_ipython().display_pub.publish(
        {{"{WIDGET_STATE}": sys.modules["ipywidgets"].Widget.get_manager_state()}})
"""


def pytest_addoption(parser):
    parser.addoption(
        "--site-cache",
        metavar="FOLDER",
        help="with --nbval: where executed notebooks are kept (default: the cache of the next build of the site)",
    )


def pytest_collectstart(collector):
    if hasattr(collector, "skip_compare"):  # a notebook
        collector.skip_compare += ("image/svg+xml",)  # as nbval does for PNG; figures are not kept in the files
        collector.passed, collector.seconds, collector.messages = [], 0.0, set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    notebook = item.parent
    if not hasattr(notebook, "skip_compare"):
        return (yield)
    if not notebook.passed:
        _prepare(notebook)
    start = time.perf_counter()
    result = yield
    notebook.seconds += time.perf_counter() - start
    notebook.passed.append(item)
    if len(notebook.passed) == sum(cell.cell_type == "code" for cell in notebook.nb.cells):
        _keep(notebook, item.config.getoption("--site-cache"))
        _run_again(notebook)
    return result


def _prepare(notebook) -> None:
    """Counts the cells as Jupyter does, and notes what kinds of messages the kernel sends."""
    kernel, get = notebook.kernel, notebook.get_kernel_message

    def execute(source, allow_stdin=None):
        return kernel.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

    def noting(**kwargs):
        message = get(**kwargs)
        notebook.messages.add(message["msg_type"])
        return message

    kernel.execute_cell_input, notebook.get_kernel_message = execute, noting


def _keep(notebook, folder) -> None:
    if notebook.messages & {"clear_output", "update_display_data"}:
        return  # nbval does not follow outputs that change later; the build of the site executes such a notebook itself
    from website.notebooks import remember

    executed = copy.deepcopy(notebook.nb)
    cells = [cell for cell in executed.cells if cell.cell_type == "code"]
    for count, (cell, item) in enumerate(zip(cells, notebook.passed, strict=True), 1):
        cell.outputs, cell.execution_count = copy.deepcopy(item.test_outputs), count
    if state := _widget_state(notebook.kernel):
        executed.metadata["widgets"] = {WIDGET_STATE: state}
    remember(executed, Path(notebook.path), notebook.seconds, folder)


def _run_again(notebook) -> None:
    """Every cell whose output is compared once more, last one first: readers run cells twice and out of order."""
    for item in reversed(notebook.passed):
        if item.options["check"]:
            try:
                item.runtest()
            except Exception as error:
                error.args = (f"Run again after the end, cell {item.cell_num} is different: {error}", *error.args[1:])
                raise


def _widget_state(kernel) -> dict | None:
    request, state = kernel.execute_cell_input(SAVE_WIDGETS, allow_stdin=False), None
    kernel.await_reply(request, timeout=60)
    while True:
        message = kernel.get_message("iopub", timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "error":
            raise RuntimeError(f"the state of the widgets could not be read: {content['ename']}: {content['evalue']}")
        if message["msg_type"] == "display_data":
            state = content["data"][WIDGET_STATE]
        if content.get("execution_state") == "idle":
            return state
