/* Who may come in, and which page an address shows. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link, Redirect, Route, Router, Switch } from "wouter";
import { ApiError, setCsrf } from "../api/client";
import { follow } from "../api/live";
import { session } from "../api/queries";
import { Nothing, State } from "../parts/State";
import { Waiting } from "../parts/Waiting";
import { Shell } from "./Shell";
import { SignIn, useKeyInAddress } from "./SignIn";

const pages = {
  Mockups: lazy(() => import("../pages/Mockups")),
  Batches: lazy(() => import("../pages/Batches")),
  Batch: lazy(() => import("../pages/Batch")),
  Videos: lazy(() => import("../pages/Videos")),
  Session: lazy(() => import("../pages/Session")),
  Jobs: lazy(() => import("../pages/Jobs")),
  Job: lazy(() => import("../pages/Job")),
  Products: lazy(() => import("../pages/Products")),
  Product: lazy(() => import("../pages/Product")),
  Templates: lazy(() => import("../pages/Templates")),
  Operation: lazy(() => import("../pages/Operation")),
};

export function App() {
  const opening = useKeyInAddress();
  const who = useQuery({ ...session(), enabled: !opening });
  if (opening) return <Waiting height="50vh" />;
  if (who.error instanceof ApiError && who.error.status === 401) return <SignIn />;
  return (
    <State of={who}>
      {(found) => {
        setCsrf(found.csrf);
        return <Inside />;
      }}
    </State>
  );
}

function Inside() {
  const queries = useQueryClient();
  const [live, setLive] = useState(true);
  useEffect(() => follow(queries, setLive), [queries]);
  return (
    <Router base="/studio">
      <Shell live={live}>
        <Suspense fallback={<Waiting height="50vh" />}>
          <Switch>
            <Route path="/mockups" component={pages.Mockups} />
            <Route path="/batches" component={pages.Batches} />
            <Route path="/batches/:id">{({ id }) => <pages.Batch key={id} id={id} />}</Route>
            <Route path="/videos" component={pages.Videos} />
            <Route path="/videos/:id/:part?">{({ id, part }) => <pages.Session key={id} id={id} part={part} />}</Route>
            <Route path="/jobs" component={pages.Jobs} />
            <Route path="/jobs/:id">{({ id }) => <pages.Job id={id} />}</Route>
            <Route path="/products" component={pages.Products} />
            <Route path="/products/:id">{({ id }) => <pages.Product id={id} />}</Route>
            <Route path="/templates" component={pages.Templates} />
            <Route path="/operation/:part?">{({ part }) => <pages.Operation part={part} />}</Route>
            <Route path="/">
              <Redirect to="/mockups" replace />
            </Route>
            <Route>
              <Nothing title="There is no such page">
                <Link href="/mockups">Mockups</Link> are a good place to begin.
              </Nothing>
            </Route>
          </Switch>
        </Suspense>
      </Shell>
    </Router>
  );
}
