"""The camera that circles a garment: where it stands, and where points of the world fall in its picture."""

from __future__ import annotations

import ctypes
import math

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kernels import pointer
from tirage.mockup.model import Camera

F32 = NDArray[np.float32]


def position(camera: Camera, azimuth: float) -> F32:
    """Where the camera stands, metres (3,); azimuth in degrees from the front towards the wearer's left."""
    t = math.radians(azimuth)
    away = camera.distance_m
    return np.array(
        [away * math.sin(t), -away * math.cos(t), camera.target_z_m + camera.height_m], np.float32
    )


def focal_pixels(camera: Camera, size: int) -> float:
    """The focal length in pixels of a square picture."""
    return camera.lens_mm / camera.sensor_mm * size


def pixels_per_cm(camera: Camera, size: int) -> float:
    """Scale of a picture at the camera's target."""
    return focal_pixels(camera, size) / camera.distance_m / 100


def rotation(camera: Camera, azimuth: float) -> F32:
    """Rows right, up and forward of the camera, (3, 3)."""
    back = position(camera, azimuth).astype(np.float64) - (0, 0, camera.target_z_m)
    back /= np.linalg.norm(back)
    right = np.cross((0, 0, 1), back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), -back]).astype(np.float32)


def project(points: F32, camera: Camera, azimuth: float, size: int) -> F32:
    """Points (n, 3) in metres to x, y in pixels (y down) and 1 / depth, (n, 3)."""
    corner = np.empty_like(points)
    kernels.call(
        "project",
        pointer(points, np.float32),
        len(points),
        pointer(position(camera, azimuth), np.float32),
        pointer(rotation(camera, azimuth), np.float32),
        ctypes.c_float(focal_pixels(camera, size)),
        ctypes.c_float(size / 2),
        pointer(corner, np.float32),
    )
    return corner
