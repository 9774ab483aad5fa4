// Written by npm run generate from docs/openapi.json.
export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The service lives. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        /** @example ok */
                        "text/plain": string;
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The service can read its state and its log, and can record: its key signs, and the log can be written. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        /** @example ready */
                        "text/plain": string;
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is counted, as OpenMetrics text. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/openmetrics-text": string;
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The head of the public log. For everybody. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LogHead"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The logs of others that this node follows, with what the last look at each has shown. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_FollowedLog"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/add-checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answers an add-checkpoint request (C2SP tlog-witness): a log asks for a cosignature of its newest checkpoint. Answers are text, as
         *     the protocol has them; without `[witness]` in the configuration there is nothing here.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            /** @description The old size, the consistency proof, an empty line, the signed checkpoint */
            requestBody?: {
                content: {
                    "application/octet-stream": string;
                };
            };
            responses: {
                /** @description Lines of cosignatures */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description The size of the newest checkpoint that was cosigned, or another root of the same size */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/x.tlog.size": string;
                        "text/plain": string;
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                /** @description Why it is refused, or why it is no request */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in. Answers everybody. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Signs in with name and password. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignIn"];
                };
            };
            responses: {
                200: {
                    headers: {
                        "Set-Cookie"?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedIn"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        /** Signs out. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        "Set-Cookie"?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/first": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the first administrator of a new node. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["First"];
                };
            };
            responses: {
                201: {
                    headers: {
                        "Set-Cookie"?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedIn"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Changes the own password. Every other session of the account ends. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPassword"];
                };
            };
            responses: {
                204: {
                    headers: {
                        "Set-Cookie"?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/language": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Chooses the own language. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewLanguage"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sends the browser to the provider. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description to the provider, or to the sign-in page with a problem */
                303: {
                    headers: {
                        Location?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/oidc/return": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the provider sends the browser back to. */
        get: {
            parameters: {
                query?: {
                    /** @description The code. */
                    code?: string;
                    /** @description The state that was sent along. */
                    state?: string;
                    /** @description Who answers. */
                    iss?: string;
                    /** @description Why there is no code. */
                    error?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description to the console, or to the sign-in page with a problem */
                303: {
                    headers: {
                        Location?: string;
                        "Set-Cookie"?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All accounts, by name. */
        get: {
            parameters: {
                query?: {
                    /** @description Items of the page, 1 to 200; 50 otherwise. */
                    limit?: number;
                    /** @description The `next` of the page before. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Account"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Makes an account. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description 1 to 128 visible ASCII characters. The same name with the same request again gives the same answer, and nothing is done
                     *     twice; with another request it is an error (422).
                     */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewAccount"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Account"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes an account. The last active administrator stays one. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AccountChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Account"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The own tokens; for administrators those of all. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Token"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a token for the own account. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description 1 to 128 visible ASCII characters. The same name with the same request again gives the same answer, and nothing is done
                     *     twice; with another request it is an error (422).
                     */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewToken"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MadeToken"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a token. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The check page. For everybody. */
        get: {
            parameters: {
                query?: {
                    /** @description `ja` or `en`; anything else counts as nothing. */
                    lang?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/html": string;
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Judges a message. Nothing is stored unless `agree` is sent. For everybody. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-www-form-urlencoded": components["schemas"]["CheckForm"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/html": string;
                    };
                };
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/html": string;
                    };
                };
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/html": string;
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/check.css": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The style of the check page. For everybody. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/css": string;
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/observations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Examines, decides and records the body. */
        post: {
            parameters: {
                query?: {
                    /** @description Its name, such as that of a file; 1,024 characters at most. */
                    name?: string;
                    /** @description The source that sends it, where it numbers what it sends (docs/sources.md); with `number`. */
                    source?: string;
                    /** @description The number that the source gave to it: from 1 on, each once; with `source`. */
                    number?: number;
                };
                header?: {
                    /**
                     * @description 1 to 128 visible ASCII characters. The same name with the same request again gives the same answer, and nothing is done
                     *     twice; with another request it is an error (422).
                     */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            /** @description The bytes, 8 MiB at most */
            requestBody?: {
                content: {
                    "application/octet-stream": string;
                };
            };
            responses: {
                201: {
                    headers: {
                        Location?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DecisionFull"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/heartbeats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records how far a source has counted, so that what is lost on the way to this node shows. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewHeartbeat"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Heartbeat"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sources that number what they send, with what is missing. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Source"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins an upload (tus 1.0.0, extension `creation`). */
        post: {
            parameters: {
                query?: never;
                header: {
                    /**
                     * @description The version of the protocol.
                     * @example 1.0.0
                     */
                    "Tus-Resumable": string;
                    /** @description The number of bytes. How many are allowed at most is in `Tus-Max-Size` of OPTIONS. */
                    "Upload-Length": number;
                    /** @description Pairs of a key and base64, separated by commas: `name` or `filename` is what it is called; `source` and `number`, which go together, the number that its source gave to it. */
                    "Upload-Metadata"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Location names the upload */
                201: {
                    headers: {
                        Location?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        /** What the server can do (tus 1.0.0, OPTIONS). */
        options: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Tus-Version, Tus-Extension, Tus-Max-Size */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far an upload is, for a program. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Upload"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Gives up an upload (tus 1.0.0, extension `termination`). */
        delete: {
            parameters: {
                query?: never;
                header: {
                    /**
                     * @description The version of the protocol.
                     * @example 1.0.0
                     */
                    "Tus-Resumable": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description it is gone */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        /** How far an upload is (tus 1.0.0, HEAD). */
        head: {
            parameters: {
                query?: never;
                header: {
                    /**
                     * @description The version of the protocol.
                     * @example 1.0.0
                     */
                    "Tus-Resumable": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Upload-Offset, Upload-Length */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description a problem */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description a problem */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        /** A piece of an upload (tus 1.0.0, PATCH). What was written before a break stays, and HEAD says how much that is. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    /**
                     * @description The version of the protocol.
                     * @example 1.0.0
                     */
                    "Tus-Resumable": string;
                    /** @description Where the piece begins. */
                    "Upload-Offset": number;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/offset+octet-stream": string;
                };
            };
            responses: {
                /** @description Upload-Offset; Sakimori-Job when it is complete */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own jobs, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Items of the page, 1 to 200; 50 otherwise. */
                    limit?: number;
                    /** @description The `next` of the page before. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Job"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A job. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Calls a job off. What it has recorded already stays. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Decisions, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description With this effect. */
                    effect?: components["schemas"]["Effect"];
                    /** @description Of this kind. */
                    kind?: string;
                    /** @description That wait for a person, or that do not. */
                    waiting?: boolean;
                    /** @description Recorded at this time or later (RFC 3339). */
                    since?: string;
                    /** @description Recorded before this time (RFC 3339). */
                    until?: string;
                    /** @description Of exactly these bytes. */
                    sha256?: string;
                    /** @description With this text in their name. */
                    name?: string;
                    /** @description Items of the page, 1 to 200; 50 otherwise. */
                    limit?: number;
                    /** @description The `next` of the page before. */
                    after?: string;
                    /** @description The language of problems. */
                    lang?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_DecisionRow"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One decision with everything that led to it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DecisionFull"];
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions/{id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The content around the place of a finding. It comes as rows of text and never as the file itself. */
        get: {
            parameters: {
                query: {
                    /** @description The number of the finding in the decision, counted from 0. */
                    finding: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Excerpt"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions/{id}/judgements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Judges a decision: what was to be reviewed may be used or not, or an approver lifts a block. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description 1 to 128 visible ASCII characters. The same name with the same request again gives the same answer, and nothing is done
                     *     twice; with another request it is an error (422).
                     */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewJudgement"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Judgement"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions/{id}/erasure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Destroys what is kept of a decision and of the judgements and shares that rest on it, for good. Their places in the log stay. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewErasure"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Erasure"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Findings of all decisions, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description With this code. */
                    code?: string;
                    /** @description Exactly this bad. */
                    severity?: components["schemas"]["Severity"];
                    /** @description Items of the page, 1 to 200; 50 otherwise. */
                    limit?: number;
                    /** @description The `next` of the page before. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_FindingRow"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The register, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description What was decided on them. */
                    state?: string;
                    /** @description Only the model with this digest, or the models that have a file with it. There is one page of them. */
                    sha256?: string;
                    /** @description Items of the page, 1 to 200; 50 otherwise. */
                    limit?: number;
                    /** @description The `next` of the page before. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Admission"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Admits, refuses or revokes a model. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description 1 to 128 visible ASCII characters. The same name with the same request again gives the same answer, and nothing is done
                     *     twice; with another request it is an error (422).
                     */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewAdmission"];
                };
            };
            responses: {
                201: {
                    headers: {
                        Location?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AdmissionFull"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admissions/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** May this run? Asked with the digest of a model or of one of its files. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    sha256: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AdmissionAnswer"];
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admissions/{sha256}/bom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bill of materials of a model (CycloneDX 1.7, JSON), byte for byte as its digest was recorded. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    sha256: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/vnd.cyclonedx+json": Record<string, never>;
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `decision`, `share`, `judgement`, `access`, `policy`, `admission`, `erasure`, `key`, `heartbeat` or `incident`. */
                    kind?: string;
                    /** @description Items of the page, 1 to 200; 50 otherwise. */
                    limit?: number;
                    /** @description The `next` of the page before. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_RecordRow"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/records/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The statement of a record (in-toto Statement v1), byte for byte as it was committed to. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/records/{id}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The evidence bundle of a record, which a stranger verifies offline. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/vnd.sakimori.evidence.v1+json": Record<string, never>;
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trace/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a record, or bytes with this SHA-256, came from, and what came of them: 500 things at most. */
        get: {
            parameters: {
                query?: {
                    /** @description Only one way; both otherwise. */
                    way?: "up" | "down";
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Trace"];
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The policies that decide or have decided, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_PolicyItem"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Lets a policy decide from now on. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description 1 to 128 visible ASCII characters. The same name with the same request again gives the same answer, and nothing is done
                     *     twice; with another request it is an error (422).
                     */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPolicy"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PolicyItem"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/active": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The policy that decides now. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PolicyText"];
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tries a policy on everything that was recorded, as a job. Nothing is recorded. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPolicy"];
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What came, what was blocked, what waits for a person. */
        get: {
            parameters: {
                query?: {
                    /** @description Days, 1 to 90; 7 otherwise. */
                    days?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Overview"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The detection rules for logs that are in use, by their ids. */
        get: {
            parameters: {
                query?: {
                    /** @description Items of the page, 1 to 200; 50 otherwise. */
                    limit?: number;
                    /** @description The `next` of the page before. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_RuleItem"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every finding code that this version knows. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_CodeItem"];
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the service works with, without secrets. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Settings"];
                    };
                };
                /** @description the caller has it already */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, live: `decision` and `judgement` for everybody who may read, `job` for the caller's own jobs. `hello` says where the
         *     log is; `gap` says that something was left out and the page should be loaded again.
         */
        get: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The place in the log after which to go on. */
                    "Last-Event-ID"?: number;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/{resource}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public log as static resources (C2SP tlog-tiles): `checkpoint`, `key`, and what lies below `tile/`. For everybody. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    resource: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The resource */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An account. */
        Account: {
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description The name with which one signs in. */
            name: string;
            /** @description What it may do. */
            role: components["schemas"]["Role"];
            /** @description False when nobody may sign in with it. */
            active: boolean;
            lang?: null | components["schemas"]["Lang"];
            /** @description It signs in by an OpenID provider. */
            oidc: boolean;
            /**
             * Format: date-time
             * @description When it was made.
             */
            made: string;
        };
        /** @description What is to be changed of an account. */
        AccountChange: {
            role?: null | components["schemas"]["Role"];
            /** @description False: nobody may sign in with it any more, and its sessions and tokens are worth nothing. */
            active?: boolean | null;
            /** @description Another password; its sessions end. */
            password?: string | null;
        };
        /**
         * @description How far a record has come in the log. Each level holds those before it (docs/log.md, "What an append promises").
         * @enum {string}
         */
        Ack: "durable" | "checkpointed" | "witnessed";
        /** @description A model in a list of the register. */
        Admission: {
            /**
             * Format: uuid
             * @description The newest record on it.
             */
            record: string;
            /** @description SHA-256 of its file, or over the digests of its files. */
            sha256: string;
            /** @description Its name. */
            name: string;
            /** @description What holds now. */
            standing: components["schemas"]["Standing"];
            /** @description `policy` or `person`: what decided. */
            basis: string;
            /** @description Who answers for it. */
            owner: string;
            /**
             * Format: date-time
             * @description Until when the admission holds.
             */
            expires?: string | null;
            /**
             * Format: date-time
             * @description When it was decided.
             */
            at: string;
            /**
             * Format: uuid
             * @description The decision on its content.
             */
            decision: string;
        };
        /** @description The answer to "may this run?". */
        AdmissionAnswer: {
            /** @description The digest that was asked for. */
            sha256: string;
            /** @description True when it may go live: a model that is admitted, or a file of one, while no model that has it is refused or revoked. */
            admitted: boolean;
            /** @description `model` when the digest is that of a model, `file` when it is that of a file of one. */
            matched: string;
            /** @description The models, newest first: one when the digest is that of a model. */
            models: components["schemas"]["AdmissionFull"][];
            /** @description The evidence bundle of the newest record, which a stranger verifies offline with `sakimori verify`. */
            evidence: Record<string, never>;
        };
        /** @description A model of the register. */
        AdmissionFull: components["schemas"]["Admission"] & {
            /** @description Where it was examined. */
            path: string;
            /** @description What it is used for. */
            purpose: string;
            role?: null | components["schemas"]["ModelRole"];
            /** @description Answers to questions on its risk. */
            risk: {
                [key: string]: string;
            };
            /** @description Why, in the person's words. */
            note: string;
            /** @description Who decided, or had it vetted. */
            by: components["schemas"]["By"];
            /** @description What the policy made of its content. */
            effect: components["schemas"]["Effect"];
            /** @description Which rules of the policy spoke, and by which findings. */
            reasons: Record<string, never>[];
            /** @description What became of its signature. */
            signature?: Record<string, never> | null;
            /** @description Its files, at most 200 of them. */
            files: Record<string, never>[];
            /** @description The number of its files. */
            files_count: number;
            /** @description What has changed since it was vetted: `policy`, `rules`, `program`. */
            outdated: string[];
        };
        /** @description Who did something. */
        By: {
            /** @description The account; `null` for the check page and the machine itself. */
            account?: string | null;
            /** @description The name of the account, or `public` or `local`. */
            name: string;
        };
        /** @description The fields of the form. */
        CheckForm: {
            /** @description The message; 64 KiB are examined. */
            text?: string | null;
            /** @description `yes` when the verdict may be recorded. */
            agree?: string | null;
            /** @description `ja` or `en`. */
            lang?: string | null;
        };
        /** @description How many decisions have a finding of a code. */
        CodeCount: {
            /** @description The code. */
            code: string;
            /** @description What it says. */
            title: components["schemas"]["Text"];
            severity?: null | components["schemas"]["Severity"];
            /**
             * Format: int64
             * @description The decisions.
             */
            count: number;
        };
        /** @description A finding code with its texts. */
        CodeItem: {
            /** @description The code. */
            code: string;
            /** @description How bad it is. */
            severity: components["schemas"]["Severity"];
            /** @description How sure it is. */
            confidence: components["schemas"]["Confidence"];
            /**
             * Format: int32
             * @description Its points.
             */
            points: number;
            /** @description Techniques of ATT&CK or ATLAS. */
            techniques: string[];
            /** @description It says that something was not examined. */
            unexamined: boolean;
            /** @description The texts in Japanese. */
            ja: components["schemas"]["CodeTexts"];
            /** @description The texts in English. */
            en: components["schemas"]["CodeTexts"];
        };
        /** @description The texts of a finding code in one language. */
        CodeTexts: {
            /** @description What was seen. */
            title: string;
            /** @description Why it matters. */
            why: string;
            /** @description What to do. */
            todo: string;
        };
        /**
         * @description How sure a finding is (OCSF `confidence_id` 1 to 3).
         * @enum {string}
         */
        Confidence: "low" | "medium" | "high";
        /** @description One feature that speaks for a finding. */
        Contribution: {
            /** @description The feature's id. */
            feature: string;
            /**
             * Format: int32
             * @description Its points.
             */
            points: number;
        };
        /** @description How many decisions of each effect. */
        Counts: {
            /**
             * Format: int64
             * @description Nothing spoke against these.
             */
            allow: number;
            /**
             * Format: int64
             * @description A person had to decide these.
             */
            review: number;
            /**
             * Format: int64
             * @description These must not be used.
             */
            block: number;
        };
        /** @description What the policy made of the findings. */
        Decision: {
            effect: components["schemas"]["Effect"];
            /**
             * Format: int64
             * @description The sum of the points of all findings.
             */
            score: number;
            /** @description Which rules of the policy led to the effect. */
            reasons: components["schemas"]["Reason"][];
            /** @description Rules of the policy that could not be applied. */
            errors: components["schemas"]["PolicyError"][];
            /** @description The policy that decided. */
            policy: components["schemas"]["PolicyRef"];
        };
        /** @description One decision with everything that led to it. */
        DecisionFull: components["schemas"]["DecisionRow"] & {
            by?: null | components["schemas"]["By"];
            /** @description The examiners that took part. */
            examiners: components["schemas"]["ExaminerRef"][];
            /** @description The digest of the detection rules. */
            rules?: string | null;
            /** @description What was found. */
            findings: components["schemas"]["FindingFull"][];
            /** @description What the policy made of it. */
            decision: components["schemas"]["Decision"];
            receipt?: null | components["schemas"]["Receipt"];
            /** @description How far the record has come in the log. */
            ack: components["schemas"]["Ack"];
            /** @description What people judged, oldest first. */
            judgements: components["schemas"]["Judgement"][];
            /** @description The bytes are still kept, so that findings can be shown in their place. */
            content: boolean;
        };
        /** @description A decision as lists show it. */
        DecisionRow: {
            /**
             * Format: uuid
             * @description The id of its record.
             */
            id: string;
            /**
             * Format: date-time
             * @description When the bytes were observed.
             */
            observed: string;
            /** @description Where they came from: a path or a file's name. */
            name: string;
            /** @description SHA-256 of the bytes. */
            sha256: string;
            /**
             * Format: int64
             * @description Their number.
             */
            size: number;
            /** @description What they are, judged by their content. */
            kind: string;
            /** @description All of it was examined. */
            examined: boolean;
            /** @description What the policy decided. */
            effect: components["schemas"]["Effect"];
            /**
             * Format: int64
             * @description The sum of the points of all findings.
             */
            score: number;
            /** @description A person has to judge it. */
            waiting: boolean;
            judgement?: null | components["schemas"]["JudgementBrief"];
            top?: null | components["schemas"]["Top"];
        };
        /**
         * @description allow, review or block.
         * @enum {string}
         */
        Effect: "allow" | "review" | "block";
        /** @description What was erased. */
        Erasure: {
            /**
             * Format: uuid
             * @description The record of the erasure.
             */
            record: string;
            /** @description The records of which nothing is left but their places in the log: the decision, and what rested on it. */
            erased: string[];
            /** @description How many of them were shares: what left the organisation can't be called back. */
            shares: number;
            /** @description Other decisions on the same bytes, which stay. */
            same_bytes: string[];
        };
        /** @description An examiner that took part. */
        ExaminerRef: {
            /** @description Its name. */
            id: string;
            /**
             * Format: int32
             * @description Goes up when the same bytes may give other findings.
             */
            version: number;
        };
        /** @description The content around a place. */
        Excerpt: {
            /** @description `hex`, `lines` or `fields`. */
            form: string;
            /** @description The member inside the observation. */
            member?: string | null;
            /** @description The rows. */
            rows: components["schemas"]["ExcerptRow"][];
            /** @description There is more than is shown. */
            cut: boolean;
        };
        /** @description One row of an excerpt. */
        ExcerptRow: {
            /**
             * Format: int64
             * @description `hex`: the offset of the first byte. `lines`: the line. `fields`: the number of the record.
             */
            at: number;
            /** @description `hex`: pairs of digits. `lines`: the line. `fields`: `field: value`. */
            text: string;
            /** @description The characters that the finding speaks of: from, to. */
            mark?: [
                number,
                number
            ] | null;
        };
        /** @description A finding with its texts. */
        FindingFull: {
            /** @description The code. */
            code: string;
            /** @description How bad it is. */
            severity: components["schemas"]["Severity"];
            /** @description How sure it is. */
            confidence: components["schemas"]["Confidence"];
            /** @description Where it was seen. */
            place: components["schemas"]["Place"];
            /** @description The same as the command line writes it. */
            place_text: string;
            /** @description Techniques of ATT&CK and ATLAS. */
            techniques: components["schemas"]["Technique"][];
            rule?: null | components["schemas"]["RuleRef"];
            /** @description The features that it rests on. */
            because: components["schemas"]["Contribution"][];
            /**
             * Format: int64
             * @description The sum of their points.
             */
            points: number;
            /** @description Values in the texts. */
            params: {
                [key: string]: string;
            };
            /** @description What was seen. */
            title: components["schemas"]["Text"];
            /** @description Why it matters. */
            why: components["schemas"]["Text"];
            /** @description What to do now. */
            todo: components["schemas"]["Text"];
        };
        /** @description A finding as lists show it. */
        FindingRow: {
            /**
             * Format: uuid
             * @description The record of the decision.
             */
            decision: string;
            /**
             * Format: int32
             * @description Its number in the decision, counted from 0.
             */
            n: number;
            /** @description The code. */
            code: string;
            /** @description How bad it is. */
            severity: components["schemas"]["Severity"];
            /**
             * Format: int64
             * @description Its points.
             */
            points: number;
        };
        /** @description The first administrator of a new node. */
        First: {
            /** @description The one-time code that the service showed when it started. */
            code: string;
            /** @description The name of the account that is made. */
            name: string;
            /** @description Its password. */
            password: string;
        };
        /** @description A log that is followed. */
        FollowedLog: {
            /** @description Its name. */
            origin: string;
            /** @description Where it is served. */
            url: string;
            /**
             * @description What the last look has shown: `first`, `same` or `grown` when all is well; `behind` for an older copy, `fork` for a second
             *     history, `damaged` for what does not hash to what was signed; `unreachable`; `waiting` before the first look.
             */
            state: string;
            /**
             * Format: int64
             * @description Entries of the log, by the checkpoint that was looked at.
             */
            size?: number | null;
            /**
             * Format: date-time
             * @description When it was looked at.
             */
            at?: string | null;
            /** @description What is wrong, in English. */
            why?: string | null;
            /**
             * Format: uuid
             * @description The record of the incident, of a log that has signed two histories.
             */
            incident?: string | null;
        };
        /** @description A heartbeat that was recorded. */
        Heartbeat: {
            /**
             * Format: uuid
             * @description Its record.
             */
            record: string;
            /**
             * Format: date-time
             * @description When it came in.
             */
            heard: string;
        };
        /** @description What an hour brought. */
        Hour: components["schemas"]["Counts"] & {
            /**
             * Format: date-time
             * @description When it began.
             */
            hour: string;
        };
        /** @description A job. */
        Job: {
            /** @description Its id. */
            id: string;
            /** @description `examine` or `policy-test`. */
            kind: string;
            /** @description `queued`, `running`, `done`, `failed` or `cancelled`. */
            state: string;
            /** @description What it is called. */
            name: string;
            /**
             * Format: int64
             * @description How much of it is done.
             */
            done: number;
            /**
             * Format: int64
             * @description How much there is to do.
             */
            total: number;
            /** @description Of what: `bytes` or `decisions`. */
            unit: string;
            /**
             * Format: date-time
             * @description When it was asked for.
             */
            made: string;
            /**
             * Format: date-time
             * @description When it changed last.
             */
            changed: string;
            /** @description The record that came of it. */
            record?: string | null;
            /** @description What came of it. */
            result?: Record<string, never> | null;
            problem?: null | components["schemas"]["ProblemDocument"];
        };
        /** @description A person's judgement of a decision. */
        Judgement: {
            /**
             * Format: uuid
             * @description The id of its record.
             */
            record: string;
            /**
             * Format: uuid
             * @description The record of the decision.
             */
            of: string;
            /** @description allow or block. */
            effect: components["schemas"]["Effect"];
            /** @description Why, in the person's words. */
            note: string;
            /** @description Who. */
            by: components["schemas"]["By"];
            /**
             * Format: date-time
             * @description When.
             */
            judged: string;
        };
        /** @description A judgement as lists show it. */
        JudgementBrief: {
            /**
             * Format: uuid
             * @description The id of its record.
             */
            record: string;
            /** @description allow or block. */
            effect: string;
            /**
             * Format: date-time
             * @description When.
             */
            judged: string;
        };
        /** @description What came of a kind. */
        KindCounts: components["schemas"]["Counts"] & {
            /** @description The kind. */
            kind: string;
        };
        /**
         * @description A language.
         * @enum {string}
         */
        Lang: "ja" | "en";
        /** @description One page of a list. */
        List_Account: {
            /** @description The items. */
            items: {
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /** @description The name with which one signs in. */
                name: string;
                /** @description What it may do. */
                role: components["schemas"]["Role"];
                /** @description False when nobody may sign in with it. */
                active: boolean;
                lang?: null | components["schemas"]["Lang"];
                /** @description It signs in by an OpenID provider. */
                oidc: boolean;
                /**
                 * Format: date-time
                 * @description When it was made.
                 */
                made: string;
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_Admission: {
            /** @description The items. */
            items: {
                /**
                 * Format: uuid
                 * @description The newest record on it.
                 */
                record: string;
                /** @description SHA-256 of its file, or over the digests of its files. */
                sha256: string;
                /** @description Its name. */
                name: string;
                /** @description What holds now. */
                standing: components["schemas"]["Standing"];
                /** @description `policy` or `person`: what decided. */
                basis: string;
                /** @description Who answers for it. */
                owner: string;
                /**
                 * Format: date-time
                 * @description Until when the admission holds.
                 */
                expires?: string | null;
                /**
                 * Format: date-time
                 * @description When it was decided.
                 */
                at: string;
                /**
                 * Format: uuid
                 * @description The decision on its content.
                 */
                decision: string;
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_CodeItem: {
            /** @description The items. */
            items: {
                /** @description The code. */
                code: string;
                /** @description How bad it is. */
                severity: components["schemas"]["Severity"];
                /** @description How sure it is. */
                confidence: components["schemas"]["Confidence"];
                /**
                 * Format: int32
                 * @description Its points.
                 */
                points: number;
                /** @description Techniques of ATT&CK or ATLAS. */
                techniques: string[];
                /** @description It says that something was not examined. */
                unexamined: boolean;
                /** @description The texts in Japanese. */
                ja: components["schemas"]["CodeTexts"];
                /** @description The texts in English. */
                en: components["schemas"]["CodeTexts"];
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_DecisionRow: {
            /** @description The items. */
            items: {
                /**
                 * Format: uuid
                 * @description The id of its record.
                 */
                id: string;
                /**
                 * Format: date-time
                 * @description When the bytes were observed.
                 */
                observed: string;
                /** @description Where they came from: a path or a file's name. */
                name: string;
                /** @description SHA-256 of the bytes. */
                sha256: string;
                /**
                 * Format: int64
                 * @description Their number.
                 */
                size: number;
                /** @description What they are, judged by their content. */
                kind: string;
                /** @description All of it was examined. */
                examined: boolean;
                /** @description What the policy decided. */
                effect: components["schemas"]["Effect"];
                /**
                 * Format: int64
                 * @description The sum of the points of all findings.
                 */
                score: number;
                /** @description A person has to judge it. */
                waiting: boolean;
                judgement?: null | components["schemas"]["JudgementBrief"];
                top?: null | components["schemas"]["Top"];
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_FindingRow: {
            /** @description The items. */
            items: {
                /**
                 * Format: uuid
                 * @description The record of the decision.
                 */
                decision: string;
                /**
                 * Format: int32
                 * @description Its number in the decision, counted from 0.
                 */
                n: number;
                /** @description The code. */
                code: string;
                /** @description How bad it is. */
                severity: components["schemas"]["Severity"];
                /**
                 * Format: int64
                 * @description Its points.
                 */
                points: number;
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_FollowedLog: {
            /** @description The items. */
            items: {
                /** @description Its name. */
                origin: string;
                /** @description Where it is served. */
                url: string;
                /**
                 * @description What the last look has shown: `first`, `same` or `grown` when all is well; `behind` for an older copy, `fork` for a second
                 *     history, `damaged` for what does not hash to what was signed; `unreachable`; `waiting` before the first look.
                 */
                state: string;
                /**
                 * Format: int64
                 * @description Entries of the log, by the checkpoint that was looked at.
                 */
                size?: number | null;
                /**
                 * Format: date-time
                 * @description When it was looked at.
                 */
                at?: string | null;
                /** @description What is wrong, in English. */
                why?: string | null;
                /**
                 * Format: uuid
                 * @description The record of the incident, of a log that has signed two histories.
                 */
                incident?: string | null;
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_Job: {
            /** @description The items. */
            items: {
                /** @description Its id. */
                id: string;
                /** @description `examine` or `policy-test`. */
                kind: string;
                /** @description `queued`, `running`, `done`, `failed` or `cancelled`. */
                state: string;
                /** @description What it is called. */
                name: string;
                /**
                 * Format: int64
                 * @description How much of it is done.
                 */
                done: number;
                /**
                 * Format: int64
                 * @description How much there is to do.
                 */
                total: number;
                /** @description Of what: `bytes` or `decisions`. */
                unit: string;
                /**
                 * Format: date-time
                 * @description When it was asked for.
                 */
                made: string;
                /**
                 * Format: date-time
                 * @description When it changed last.
                 */
                changed: string;
                /** @description The record that came of it. */
                record?: string | null;
                /** @description What came of it. */
                result?: Record<string, never> | null;
                problem?: null | components["schemas"]["ProblemDocument"];
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_PolicyItem: {
            /** @description The items. */
            items: {
                /**
                 * Format: uuid
                 * @description The record of the change; `null` for the policy that the program comes with.
                 */
                record?: string | null;
                /** @description Its id. */
                id: string;
                /** @description The digest of its text. */
                sha256: string;
                /**
                 * Format: date-time
                 * @description From when on it decided.
                 */
                activated?: string | null;
                by?: null | components["schemas"]["By"];
                /** @description It decides now. */
                active: boolean;
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_RecordRow: {
            /** @description The items. */
            items: {
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /** @description What it records. */
                kind: string;
                /**
                 * Format: int64
                 * @description Its place in the log; `null` for the moment until it has one.
                 */
                log_index?: number | null;
                /** @description How far it has come in the log. */
                ack: components["schemas"]["Ack"];
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_RuleItem: {
            /** @description The items. */
            items: {
                /** @description The rule's own id. */
                id: string;
                /** @description Its title, in the language of its author. */
                title: string;
                /** @description How bad a match is. */
                level: components["schemas"]["Severity"];
                /** @description How mature it is, such as `stable`; empty if the rule does not say. */
                status: string;
                /** @description Techniques of ATT&CK that it names. */
                techniques: string[];
                /** @description The digest of the rule. */
                sha256: string;
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_Source: {
            /** @description The items. */
            items: {
                /** @description Its name. */
                name: string;
                /**
                 * Format: int64
                 * @description How many of its numbers came in.
                 */
                count: number;
                /**
                 * Format: int64
                 * @description The last number that it must have given.
                 */
                given: number;
                /**
                 * Format: int64
                 * @description How many numbers are missing.
                 */
                missing: number;
                /** @description The first ranges that are missing, 20 at most. */
                ranges: components["schemas"]["Range"][];
                /**
                 * Format: date-time
                 * @description When it last said how far it has counted.
                 */
                heard?: string | null;
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description One page of a list. */
        List_Token: {
            /** @description The items. */
            items: {
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /**
                 * Format: uuid
                 * @description Whose it is.
                 */
                account: string;
                /** @description What it is called. */
                name: string;
                /** @description What it may do at most. */
                scopes: components["schemas"]["Scope"][];
                /**
                 * Format: date-time
                 * @description When it was made.
                 */
                made: string;
                /**
                 * Format: date-time
                 * @description From when on it is worth nothing.
                 */
                until: string;
                /**
                 * Format: date-time
                 * @description When it was revoked.
                 */
                revoked?: string | null;
                /**
                 * Format: date-time
                 * @description When it was used last, to the minute.
                 */
                used?: string | null;
            }[];
            /**
             * @description What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
             *     asked for and still have a next one.
             */
            next?: string | null;
        };
        /** @description The head of the public log. */
        LogHead: {
            /** @description The name of the log. */
            origin: string;
            /** @description Its public key, as `verify` needs it (C2SP signed-note). */
            key: string;
            /**
             * Format: int64
             * @description The number of its entries.
             */
            size: number;
            /** @description The root hash in hexadecimal digits. */
            root: string;
            /** @description The newest checkpoint, as it was signed (C2SP tlog-checkpoint). */
            checkpoint: string;
        };
        /** @description A token that was made. */
        MadeToken: {
            /** @description The token. */
            token: components["schemas"]["Token"];
            /** @description Its secret, shown this once; `null` when the request was repeated. */
            secret?: string | null;
        };
        /**
         * @description What an organisation is to a model.
         * @enum {string}
         */
        ModelRole: "developer" | "provider" | "user";
        /** @description An account to be made. Either a password or a subject at the provider is needed. */
        NewAccount: {
            /** @description The name with which one signs in. Capital letters become small ones. */
            name: string;
            /** @description What it may do. */
            role: components["schemas"]["Role"];
            /** @description Its first password. */
            password?: string | null;
            /** @description The person at the configured OpenID provider (`sub`). */
            oidc_subject?: string | null;
        };
        /** @description A person's word on a model. */
        NewAdmission: {
            /**
             * Format: uuid
             * @description The decision on its content: that of `sakimori vet`, or that on an uploaded file.
             */
            decision: string;
            /** @description What holds from now on: `admitted`, `refused` or `revoked`. */
            state: string;
            /** @description Who answers for it. What is left out stays as it is; 2,000 characters at most, as every text here. */
            owner?: string;
            /** @description What it is used for. */
            purpose?: string;
            role?: null | components["schemas"]["ModelRole"];
            /** @description Answers to questions on its risk; 50 at most. */
            risk?: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description Until when the admission holds; the policy's number of days otherwise.
             */
            expires?: string | null;
            /** @description Why, in one's own words. */
            note?: string;
        };
        /** @description On what ground something is erased. */
        NewErasure: {
            /** @description In one's own words, 1 to 2,000 characters. It stays, so it should name nobody. */
            note: string;
        };
        /** @description How far a source has counted. */
        NewHeartbeat: {
            /** @description Its name. */
            source: string;
            /**
             * Format: int64
             * @description The last number that it has given; 0 before the first.
             */
            number: number;
        };
        /** @description A judgement. */
        NewJudgement: {
            /** @description `allow` or `block`. */
            effect: string;
            /** @description Why, in one's own words; 2,000 characters at most. */
            note?: string;
        };
        /** @description Another language. */
        NewLanguage: {
            /** @description `ja` or `en`. */
            lang: components["schemas"]["Lang"];
        };
        /** @description Another password. */
        NewPassword: {
            /** @description The password until now. */
            current: string;
            /** @description The password from now on. */
            new: string;
        };
        /** @description The text of a policy. */
        NewPolicy: {
            /** @description TOML, as `sakimori policy show` prints it. */
            text: string;
        };
        /** @description A token to be made. */
        NewToken: {
            /** @description What it is called. */
            name: string;
            /** @description What it may do at most. A scope that gives nothing to the own role is refused. */
            scopes: components["schemas"]["Scope"][];
            /**
             * Format: int32
             * @description Days until it is worth nothing.
             */
            days: number;
        };
        /** @description What came, what was blocked, what waits. */
        Overview: {
            /**
             * Format: date-time
             * @description From this time on.
             */
            since: string;
            /**
             * Format: date-time
             * @description Up to this time.
             */
            until: string;
            /** @description All of it. */
            totals: components["schemas"]["Counts"];
            /**
             * Format: int64
             * @description What waits for a person, whenever it came; counted up to 10,000.
             */
            waiting: number;
            /**
             * Format: date-time
             * @description Since when the oldest of it waits.
             */
            oldest_waiting?: string | null;
            /** @description Hours that brought something. */
            hours: components["schemas"]["Hour"][];
            /** @description Kinds, the most blocked first. */
            kinds: components["schemas"]["KindCounts"][];
            /** @description The codes that most decisions have. */
            codes: components["schemas"]["CodeCount"][];
        };
        /** @description Where in an observation a finding was made. */
        Place: {
            /** @description Which of the forms it is. */
            at: string;
            /** @description The member inside the observation, steps joined by `!/`. */
            member?: string | null;
            /**
             * Format: int64
             * @description `byte`: the offset in bytes.
             */
            offset?: number | null;
            /**
             * Format: int64
             * @description `event`: the number of the record or the line.
             */
            record?: number | null;
            /** @description `event`: the field. */
            field?: string | null;
            /**
             * Format: int32
             * @description `text`: the line, counted from 1.
             */
            line?: number | null;
            /**
             * Format: int32
             * @description `text`: the column in characters, counted from 1.
             */
            column?: number | null;
        };
        /** @description A rule of the policy that could not be applied. */
        PolicyError: {
            /** @description The rule's id or number. */
            rule: string;
            /** @description What is wrong with it. */
            error: string;
        };
        /** @description A policy that decides or has decided. */
        PolicyItem: {
            /**
             * Format: uuid
             * @description The record of the change; `null` for the policy that the program comes with.
             */
            record?: string | null;
            /** @description Its id. */
            id: string;
            /** @description The digest of its text. */
            sha256: string;
            /**
             * Format: date-time
             * @description From when on it decided.
             */
            activated?: string | null;
            by?: null | components["schemas"]["By"];
            /** @description It decides now. */
            active: boolean;
        };
        /** @description A policy, named exactly. */
        PolicyRef: {
            /** @description Its id. */
            id: string;
            /** @description The digest of its text. */
            sha256: string;
        };
        /** @description A policy with its text. */
        PolicyText: {
            /** @description Its id. */
            id: string;
            /** @description The digest of its text. */
            sha256: string;
            /** @description The text (TOML). */
            text: string;
        };
        /** @description A problem document (RFC 9457). */
        ProblemDocument: {
            /** @description The kind of the problem: `urn:sakimori:error:` and the code. */
            type: string;
            /**
             * @description The stable code.
             * @example SKM-E-0103
             */
            code: string;
            /**
             * Format: int32
             * @description The status of the answer.
             * @example 404
             */
            status: number;
            /** @description What went wrong, in the language of the caller. */
            title: string;
            /** @description What is wrong with this request, in English. */
            detail: string;
            /** @description What to do, in the language of the caller. */
            hint: string;
        };
        /** @description A provider with which one can sign in. */
        ProviderButton: {
            /** @description What its button says. */
            label: components["schemas"]["Text"];
        };
        /** @description Numbers, from the first to the last of them. */
        Range: {
            /**
             * Format: int64
             * @description The first.
             */
            from: number;
            /**
             * Format: int64
             * @description The last.
             */
            to: number;
        };
        /** @description One rule of the policy that spoke. */
        Reason: {
            /** @description The rule's id. */
            rule: string;
            effect: components["schemas"]["Effect"];
            /** @description The codes of the findings that it matched. */
            codes: string[];
        };
        /** @description What the log gave for a record. */
        Receipt: {
            /** @description The record. */
            record: string;
            /** @description The log. */
            log: string;
            /**
             * Format: int64
             * @description The place in the log, counted from 0.
             */
            index: number;
            /** @description The entry of the log. */
            commitment: string;
        };
        /** @description A record as lists show it. */
        RecordRow: {
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description What it records. */
            kind: string;
            /**
             * Format: int64
             * @description Its place in the log; `null` for the moment until it has one.
             */
            log_index?: number | null;
            /** @description How far it has come in the log. */
            ack: components["schemas"]["Ack"];
        };
        /**
         * @description What a person may do, from the least to the most.
         * @enum {string}
         */
        Role: "reader" | "analyst" | "approver" | "administrator";
        /** @description A detection rule. */
        RuleItem: {
            /** @description The rule's own id. */
            id: string;
            /** @description Its title, in the language of its author. */
            title: string;
            /** @description How bad a match is. */
            level: components["schemas"]["Severity"];
            /** @description How mature it is, such as `stable`; empty if the rule does not say. */
            status: string;
            /** @description Techniques of ATT&CK that it names. */
            techniques: string[];
            /** @description The digest of the rule. */
            sha256: string;
        };
        /** @description A detection rule that matched. */
        RuleRef: {
            /** @description The rule's own id. */
            id: string;
            /** @description Its title, in the language of its author. */
            title: string;
            /** @description The digest of the rule. */
            sha256: string;
        };
        /**
         * @description What a token may do at most.
         * @enum {string}
         */
        Scope: "read" | "observe" | "judge" | "administer";
        /** @description Who is signed in, and how one can sign in. */
        Session: {
            account?: null | components["schemas"]["Account"];
            /** @description True while there is no administrator yet. */
            first_sign_in: boolean;
            oidc?: null | components["schemas"]["ProviderButton"];
        };
        /** @description What the service works with, without secrets. */
        Settings: {
            /** @description The version of the program. */
            version: string;
            /** @description The name of the log. */
            log: string;
            /** @description The configuration. */
            config: Record<string, never>;
            /** @description Detection rules in use. */
            rules: number;
            /** @description The digest of all of them. */
            rules_sha256: string;
        };
        /**
         * @description How bad a finding is (OCSF `severity_id` 1 to 5).
         * @enum {string}
         */
        Severity: "informational" | "low" | "medium" | "high" | "critical";
        /** @description Name and password. */
        SignIn: {
            /** @description The name of the account. */
            name: string;
            /** @description Its password. */
            password: string;
        };
        /** @description Whoever has signed in. */
        SignedIn: {
            /** @description The account. */
            account: components["schemas"]["Account"];
        };
        /** @description What is known of a source. */
        Source: {
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description How many of its numbers came in.
             */
            count: number;
            /**
             * Format: int64
             * @description The last number that it must have given.
             */
            given: number;
            /**
             * Format: int64
             * @description How many numbers are missing.
             */
            missing: number;
            /** @description The first ranges that are missing, 20 at most. */
            ranges: components["schemas"]["Range"][];
            /**
             * Format: date-time
             * @description When it last said how far it has counted.
             */
            heard?: string | null;
        };
        /**
         * @description What holds for a model, in a word.
         * @enum {string}
         */
        Standing: "admitted" | "waiting" | "refused" | "revoked" | "expired";
        /** @description A technique of ATT&CK or ATLAS. */
        Technique: {
            /** @description `ATT&CK` or `ATLAS`. */
            framework: string;
            /** @description The id there. */
            id: string;
            /** @description The release of the catalogue. */
            release: string;
        };
        /** @description A text in both languages. */
        Text: {
            /** @description Japanese. */
            ja: string;
            /** @description English. */
            en: string;
        };
        /** @description An API token, without its secret. */
        Token: {
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /**
             * Format: uuid
             * @description Whose it is.
             */
            account: string;
            /** @description What it is called. */
            name: string;
            /** @description What it may do at most. */
            scopes: components["schemas"]["Scope"][];
            /**
             * Format: date-time
             * @description When it was made.
             */
            made: string;
            /**
             * Format: date-time
             * @description From when on it is worth nothing.
             */
            until: string;
            /**
             * Format: date-time
             * @description When it was revoked.
             */
            revoked?: string | null;
            /**
             * Format: date-time
             * @description When it was used last, to the minute.
             */
            used?: string | null;
        };
        /** @description The worst finding of a decision. */
        Top: {
            /** @description Its code. */
            code: string;
            /** @description How bad it is. */
            severity: components["schemas"]["Severity"];
            /** @description What was seen. */
            title: components["schemas"]["Text"];
        };
        /** @description A graph in the shape of W3C PROV. */
        Trace: {
            /** @description The id of the thing that was asked for. */
            start: string;
            /** @description All things, the nearest first. */
            items: components["schemas"]["TraceItem"][];
            /** @description What rests on what. */
            links: components["schemas"]["TraceLink"][];
            /** @description True when there is more. */
            cut: boolean;
        };
        /** @description A thing in the graph. */
        TraceItem: {
            /** @description `record:` with an id, or `bytes:`, `policy:`, `rules:`, `bom:` with a digest. */
            id: string;
            /** @description What it is. */
            kind: string;
            /** @description What people call it. */
            name: string;
            /** @description What it says: of a decision its effect, of an admission its state. */
            says: string;
            /**
             * Format: date-time
             * @description When it was recorded.
             */
            at?: string | null;
            by?: null | components["schemas"]["By"];
        };
        /** @description One thing rests on another. */
        TraceLink: {
            /** @description What rests. */
            from: string;
            /** @description What it rests on. */
            to: string;
            /** @description How. */
            how: string;
        };
        /** @description An upload. */
        Upload: {
            /** @description Its id. */
            id: string;
            /** @description What it is called. */
            name: string;
            /**
             * Format: int64
             * @description How many bytes there will be.
             */
            size: number;
            /**
             * Format: int64
             * @description How many of them are here.
             */
            offset: number;
            /** @description The job that it became when it was complete. */
            job?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
