"""The part of the driver conformance suite that is about images with a content."""

from __future__ import annotations

from uuid import uuid4

from tests.drivers.subject import MIB, Requirement, Subject, refuses

from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind
from openvman.model.spec import DiskSpec
from openvman.model.states import Action


class ImageConformance:
    async def test_an_image_is_written_replaced_and_removed(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        driver, host = subject.driver, subject.host.id
        path = f"{subject.folder}/{uuid4()}.iso"
        with subject.needs(Requirement.IMAGES):
            await driver.write_image(host, path, bytes(MIB))
        try:
            image = await driver.inspect_image(host, path)
            assert (image.path, image.format, image.capacity, image.backing) == (path, "raw", MIB, None)
            await driver.write_image(host, path, bytes(2 * MIB))
            assert (await driver.inspect_image(host, path)).capacity == 2 * MIB
            system = await subject.active(
                disks=(
                    DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source=subject.image, format="raw"),
                    DiskSpec(target="sda", kind=DiskKind.CDROM, bus="sata", source=path, format="raw", read_only=True),
                ),
                machine=next((m for m in subject.host.facts.machines if "q35" in m), None),
            )
            assert system.current is not None
            assert [disk.source for disk in system.current.disks] == [subject.image, path]
            await driver.act(system.id, Action.STOP)
        finally:
            await driver.delete_image(host, path)
        with refuses(Problem.NOT_FOUND):
            await driver.inspect_image(host, path)

    async def test_an_image_that_cannot_be_written_is_refused(self, subject: Subject) -> None:
        subject.lacks(Requirement.IMAGES)
        for path in ("relative.iso", f"{subject.folder}/x\ny"):
            with refuses(Problem.INVALID_PARAMETER):
                await subject.driver.write_image(subject.host.id, path, b"content")
        with refuses(Problem.NOT_FOUND):
            await subject.driver.write_image(str(uuid4()), f"{subject.folder}/content.iso", b"content")
