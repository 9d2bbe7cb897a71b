import type { Dispatcher } from 'undici';

/**
 * Calls back just before a request is written to its connection. What fails earlier was never
 * sent, so it is known to be unbilled; what fails later may have been billed.
 */
export function noteSending(onSending: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        onSending();
        handler.onRequestStart?.(controller, context);
      },
      onResponseStart: (...event) => handler.onResponseStart?.(...event),
      onResponseData: (...event) => handler.onResponseData?.(...event),
      onResponseEnd: (...event) => handler.onResponseEnd?.(...event),
      onResponseError: (...event) => handler.onResponseError?.(...event),
    });
}
