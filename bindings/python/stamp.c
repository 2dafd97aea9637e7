/* SPDX-License-Identifier: MIT
 *
 * A clock's logical time: while one of its tasks runs, what the task's thread
 * plays and changes without at= is for that frame.
 */
#include "binding.h"

static int
is_mine(const engine_object *engine)
{
    return engine->stamp_thread == PyThread_get_thread_ident();
}

/* Tell the clock what went wrong with a command of its task. */
static int
tell(engine_object *engine, const char *what, uint64_t count)
{
    if (!engine->stamp_hook || engine->stamp_hook == Py_None) {
        return 0;
    }
    PyObject *hook = Py_NewRef(engine->stamp_hook);
    PyObject *result =
        PyObject_CallFunction(hook, "sK", what, (unsigned long long)count);
    Py_DECREF(hook);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

int
stamp_time(engine_object *engine, uint64_t *at)
{
    if (*at != TABOR_ASAP || !is_mine(engine) || engine->is_closed ||
        engine_is_forked(engine)) {
        return 0; /* what sends it says so */
    }
    const uint64_t frame = tabor_engine_frame(engine->engine);
    *at = engine->stamp;
    return *at < frame ? tell(engine, "late", frame - *at) : 0;
}

int
stamp_refused(engine_object *engine)
{
    return engine->stamp_thread && is_mine(engine)
               ? tell(engine, "refused", tabor_full_info().needed)
               : 0;
}

/* _stamp(frame): from now on this thread's commands are for that frame;
 * _stamp(None): they are for now again. */
PyObject *
engine_stamp(PyObject *self, PyObject *frame)
{
    engine_object *engine = (engine_object *)self;

    if (frame == Py_None) {
        engine->stamp_thread = 0;
    } else if (frame_from(frame, "frame", &engine->stamp) < 0) {
        return NULL;
    } else {
        engine->stamp_thread = PyThread_get_thread_ident();
    }
    Py_RETURN_NONE;
}
