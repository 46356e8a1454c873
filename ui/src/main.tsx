import "./app/begin";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/app.css";

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { App } from "./app/App";
import { theme, variables } from "./app/theme";
import { sayError } from "./parts/say";

const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content;
// dialogs keep the page behind them from scrolling by a style of their own, which looks for its nonce here
Object.assign(window, { __webpack_nonce__: nonce });

if (nonce) setNonce(nonce); // for the style that keeps the page still behind a dialog

const queries = new QueryClient({
  mutationCache: new MutationCache({ onError: sayError }),
  defaultOptions: {
    queries: {
      staleTime: 2000,
      // what the server refused stays refused; what did not arrive is asked for again
      retry: (count, error) => (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) && count < 5,
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce ?? ""}>
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
