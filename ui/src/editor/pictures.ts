/* Designs as the stage draws them: fetched once, whole, as they are. */

import { useQueries, useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, ApiError, done, type Design } from "../api/client";
import { rawImage } from "../preview/bundle";
import type { DraftDesign } from "./draft";

/** The pictures of these designs, by design; those that are not here yet are missing. */
export function useImages(designs: DraftDesign[]): Map<string, ImageBitmap> {
  const unique = [...new Map(designs.map((design) => [design.id, design])).values()];
  const found = useQueries({
    queries: unique.map(({ id, url }) => ({
      queryKey: ["image", id],
      staleTime: Infinity,
      queryFn: async ({ signal }: { signal: AbortSignal }) => rawImage(await (await fetch(url, { signal })).blob()),
    })),
  });
  const ready = found.map((each) => each.data);
  return useMemo(
    () => new Map(unique.flatMap((design, i) => (ready[i] ? [[design.id, ready[i]] as const] : []))),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the lists are new every time, what is in them is not
    [unique.map((design) => design.id).join(), ready.map((image) => (image ? 1 : 0)).join()],
  );
}

/** Stores a file as a design. */
export function useUpload(onStored: (design: Design) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (file: File) => {
      const body = new FormData();
      body.set("file", file);

      return done(
        api.POST("/v1/designs", {
          // the generated type of a file is a string; the form goes as it is
          body: body as unknown as { file: string },
          bodySerializer: (form) => form as unknown as FormData,
        }),
      );
    },
    onSuccess: (design) => {
      if (!design) throw new ApiError(0, "", "The server did not answer.", "");
      void queries.invalidateQueries({ queryKey: ["designs"] });
      onStored(design);
    },
  });
}
