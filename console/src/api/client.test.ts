import { expect, it } from 'vitest';

import { ApiError, problemOf, toProblem, UNREACHABLE } from './client';

it('keeps what a problem document says', () => {
  const body = { type: 't', code: 'SKM-E-0103', status: 404, title: 'Not found', detail: 'd', hint: 'h' };
  expect(toProblem(body, 404)).toEqual(body);
});

it.each([null, 'text', 5, [], {}])('makes a problem of %j', (body) => {
  expect(toProblem(body, 502)).toMatchObject({ code: 'HTTP 502', status: 502, detail: null });
});

it('tells an unreachable server from a fault of its own', () => {
  expect(problemOf(new ApiError(toProblem({ code: UNREACHABLE }, 0))).code).toBe(UNREACHABLE);
  expect(problemOf(new Error('oops'))).toMatchObject({ code: 'console', title: 'oops' });
});
