/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the thread sanitizer what GLib orders
 *
 * Implementation: GLib is not instrumented, and its locks are futexes of its own, so that the
 *   sanitizer takes everything that is handed from thread to thread for a race. Linked into
 *   libferry, and so found before GLib, these say of each such call what happens before what:
 *   locks, conditions, queues, tasks in threads, idle and timeout sources, reference counts, once
 */
#include <dlfcn.h>
#include <gio/gio.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

/* the function behind the one of the same name here */
#define NEXT(function)                                                                             \
	static __typeof__(function) *found;                                                        \
	__typeof__(function) *next = __atomic_load_n(&found, __ATOMIC_RELAXED);                    \
	if (next == NULL) {                                                                        \
		next = (__typeof__(next))dlsym(RTLD_NEXT, #function);                              \
		__atomic_store_n(&found, next, __ATOMIC_RELAXED);                                  \
	}

#undef g_object_unref
#undef g_object_ref

void
g_mutex_lock(GMutex *mutex)
{
	NEXT(g_mutex_lock);
	next(mutex);
	__tsan_acquire(mutex);
}

gboolean
g_mutex_trylock(GMutex *mutex)
{
	gboolean locked;

	NEXT(g_mutex_trylock);
	locked = next(mutex);
	if (locked)
		__tsan_acquire(mutex);
	return locked;
}

void
g_mutex_unlock(GMutex *mutex)
{
	NEXT(g_mutex_unlock);
	__tsan_release(mutex);
	next(mutex);
}

void
g_cond_wait(GCond *cond, GMutex *mutex)
{
	NEXT(g_cond_wait);
	__tsan_release(mutex);
	next(cond, mutex);
	__tsan_acquire(mutex);
}

gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end)
{
	gboolean signalled;

	NEXT(g_cond_wait_until);
	__tsan_release(mutex);
	signalled = next(cond, mutex, end);
	__tsan_acquire(mutex);
	return signalled;
}

void
g_async_queue_push(GAsyncQueue *queue, gpointer data)
{
	NEXT(g_async_queue_push);
	__tsan_release(queue);
	next(queue, data);
}

gpointer
g_async_queue_pop(GAsyncQueue *queue)
{
	gpointer data;

	NEXT(g_async_queue_pop);
	data = next(queue);
	__tsan_acquire(queue);
	return data;
}

gpointer
g_async_queue_try_pop(GAsyncQueue *queue)
{
	gpointer data;

	NEXT(g_async_queue_try_pop);
	data = next(queue);
	__tsan_acquire(queue);
	return data;
}

gpointer
g_async_queue_timeout_pop(GAsyncQueue *queue, guint64 timeout)
{
	gpointer data;

	NEXT(g_async_queue_timeout_pop);
	data = next(queue, timeout);
	__tsan_acquire(queue);
	return data;
}

gboolean
g_thread_pool_push(GThreadPool *pool, gpointer data, GError **error)
{
	NEXT(g_thread_pool_push);
	__tsan_release(data);
	return next(pool, data, error);
}

static void
run_task(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	GTaskThreadFunc func =
		(GTaskThreadFunc)g_object_get_data(G_OBJECT(task), "tsan-thread-func");

	__tsan_acquire(task);
	func(task, source, task_data, cancellable);
	__tsan_release(task);
}

void
g_task_run_in_thread(GTask *task, GTaskThreadFunc func)
{
	NEXT(g_task_run_in_thread);
	g_object_set_data(G_OBJECT(task), "tsan-thread-func", (gpointer)func);
	__tsan_release(task);
	next(task, run_task);
}

gpointer
g_task_propagate_pointer(GTask *task, GError **error)
{
	NEXT(g_task_propagate_pointer);
	__tsan_acquire(task);
	return next(task, error);
}

gboolean
g_task_propagate_boolean(GTask *task, GError **error)
{
	NEXT(g_task_propagate_boolean);
	__tsan_acquire(task);
	return next(task, error);
}

gssize
g_task_propagate_int(GTask *task, GError **error)
{
	NEXT(g_task_propagate_int);
	__tsan_acquire(task);
	return next(task, error);
}

/* who drops the last reference sees what the others did before they dropped theirs */
#define DROPS(function, type)                                                                      \
	void function(type object)                                                                 \
	{                                                                                          \
		NEXT(function);                                                                    \
		__tsan_release((void *)object);                                                    \
		__tsan_acquire((void *)object);                                                    \
		next(object);                                                                      \
	}

DROPS(g_object_unref, gpointer)
DROPS(g_array_unref, GArray *)
DROPS(g_ptr_array_unref, GPtrArray *)
DROPS(g_byte_array_unref, GByteArray *)
DROPS(g_bytes_unref, GBytes *)
DROPS(g_hash_table_unref, GHashTable *)

void
g_atomic_rc_box_release_full(gpointer block, GDestroyNotify clear)
{
	NEXT(g_atomic_rc_box_release_full);
	__tsan_release(block);
	__tsan_acquire(block);
	next(block, clear);
}

gboolean(g_atomic_ref_count_dec)(gatomicrefcount *count)
{
	NEXT(g_atomic_ref_count_dec);
	__tsan_release((void *)count);
	__tsan_acquire((void *)count);
	return next(count);
}

void(g_once_init_leave)(volatile void *location, gsize result)
{
	void (*next)(volatile void *, gsize) =
		(void (*)(volatile void *, gsize))dlsym(RTLD_NEXT, "g_once_init_leave");

	__tsan_release((void *)location);
	next(location, result);
}

typedef struct {
	GSourceFunc func;
	gpointer data;
	GDestroyNotify destroy;
	gpointer source; /* its address only */
} Callback;

static gboolean
call_back(gpointer data)
{
	Callback *callback = data;

	__tsan_acquire(callback);
	__tsan_acquire(callback->source);
	return callback->func(callback->data);
}

static void
callback_free(gpointer data)
{
	Callback *callback = data;

	__tsan_acquire(callback);
	__tsan_acquire(callback->source);
	if (callback->destroy != NULL)
		callback->destroy(callback->data);
	g_free(callback);
}

/* what the thread that makes the source did, the callback sees; of other kinds of sources the
 * callbacks have other arguments */
void
g_source_set_callback(GSource *source, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
	Callback *callback;

	NEXT(g_source_set_callback);
	if (source->source_funcs != &g_idle_funcs && source->source_funcs != &g_timeout_funcs) {
		next(source, func, data, destroy);
		return;
	}
	callback = g_new(Callback, 1);
	callback->func = func;
	callback->data = data;
	callback->destroy = destroy;
	callback->source = source;
	__tsan_release(callback);
	next(source, call_back, callback, callback_free);
}

guint
g_source_attach(GSource *source, GMainContext *context)
{
	NEXT(g_source_attach);
	__tsan_release(source);
	return next(source, context);
}
